-- Profile Warden: the fence of an account database, part 1: roles and tables.
--
-- All parts belong into one transaction, as the owner of the database: psql -1 -f install.sql, or installFence().
-- Running them again changes nothing; over an older version they are its upgrade. PostgreSQL 14 or newer.
--
-- Together they add: schema warden, two roles without login, four small tables, two views and some functions.
-- Account services are granted warden_reader, the projector's login is granted warden_projector.
--
-- Every function that runs with its owner's rights has search_path = pg_catalog, pg_temp. Without pg_temp at its
-- end, PostgreSQL would look there first for types, and a caller's temporary type "text" would run as the owner.

-- Two installs at once would trip over each other's "if not exists".
select pg_advisory_xact_lock(7241865325823965);

create schema if not exists warden;

do $$
declare
  v_role text;
begin
  foreach v_role in array array['warden_reader', 'warden_projector'] loop
    if not exists (select from pg_roles where rolname = v_role) then
      begin
        execute format('create role %I nologin', v_role);
      exception
        -- Roles belong to the whole server: another database's install may have been faster.
        when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;
end
$$;

-- One row per profile that ever had a lease. `valid`: the lease of `token` has not ended.
create table if not exists warden.fence (
  profile_id text primary key check (char_length(profile_id) between 1 and 128),
  token bigint not null check (token between 1 and 4503599627370495),
  valid boolean not null,
  partition integer not null check (partition >= 0),
  log_offset bigint not null check (log_offset >= 0)
) with (fillfactor = 70);

-- Tokens up to `token` are dead. Writers read this table and never lock it, so a mark commits at once,
-- however many of them hold the fence row.
create table if not exists warden.revocation (
  profile_id text primary key check (char_length(profile_id) between 1 and 128),
  token bigint not null check (token between 1 and 4503599627370495),
  log_offset bigint not null check (log_offset >= 0)
) with (fillfactor = 70);

-- How far each partition of the log has been carried into this database, as the database `identity`.
-- Everything before `next_offset` is in the fence rows, or its end of a token is in the marks.
create table if not exists warden.progress (
  partition integer primary key check (partition >= 0),
  identity text not null,
  goal_offset bigint not null check (goal_offset >= 0),
  next_offset bigint not null check (next_offset >= 0)
) with (fillfactor = 50);

-- `confirmed_identity`: the database whose rows are known to be complete. A restored, promoted or restarted
-- database is another one and answers WD002 until the fences were raised again from the log.
create table if not exists warden.database (
  only_row boolean primary key default true check (only_row),
  version integer not null,
  partition_count integer,
  confirmed_identity text
);

do $$
declare
  c_version constant integer := 2;
  v_installed integer;
begin
  select d.version into v_installed from warden.database d;
  if v_installed > c_version then
    raise exception 'this database has version % of the fence, this install is the older version %',
      v_installed, c_version using errcode = '55000', hint = 'Use the newer package; nothing was changed.';
  end if;
  insert into warden.database as d (version) values (c_version)
  on conflict (only_row) do update set version = excluded.version where d.version <> excluded.version;
end
$$;

-- Profile Warden: the fence of an account database, part 2: what account services ask.

-- Which database this is, as opposed to one that has the same rows: timeline, start of the server, file of the
-- fence table. A restored copy, a promoted standby and a server that was started again (perhaps on a copy of its
-- files) have another start, a database restored or copied within one server has another file.
create or replace function warden.database_incarnation() returns text
language sql volatile
return case when pg_is_in_recovery() then 'standby'
            else substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) end || ':' ||
       (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint::text || ':' ||
       pg_relation_filepath('warden.fence'::regclass);

-- The same with the system id before it, for people who compare databases. It is read from a file: too slow
-- for every write.
create or replace function warden.database_identity() returns text
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select system_identifier::text || ':' || warden.database_incarnation() from pg_control_system()
$$;

-- Partition of a profile: murmur2 of the UTF-8 key, as every Kafka client computes it.
create or replace function warden.partition_of(p_profile_id text, p_partition_count integer) returns integer
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c_mask constant bigint := 4294967295;
  c_m constant bigint := 1540483477;
  v_key bytea := convert_to(p_profile_id, 'UTF8');
  v_length integer := length(v_key);
  v_hash bigint := 2538058380 # v_length;
  v_word bigint;
  v_at integer := 0;
begin
  while v_at + 4 <= v_length loop
    v_word := get_byte(v_key, v_at) | (get_byte(v_key, v_at + 1)::bigint << 8)
            | (get_byte(v_key, v_at + 2)::bigint << 16) | (get_byte(v_key, v_at + 3)::bigint << 24);
    v_word := (v_word * c_m) & c_mask;
    v_word := ((v_word # (v_word >> 24)) * c_m) & c_mask;
    v_hash := ((v_hash * c_m) & c_mask) # v_word;
    v_at := v_at + 4;
  end loop;
  if v_at < v_length then
    for v_byte in reverse v_length - 1 .. v_at loop
      v_hash := v_hash # (get_byte(v_key, v_byte)::bigint << (8 * (v_byte - v_at)));
    end loop;
    v_hash := (v_hash * c_m) & c_mask;
  end if;
  v_hash := ((v_hash # (v_hash >> 13)) * c_m) & c_mask;
  v_hash := v_hash # (v_hash >> 15);
  return ((v_hash & 2147483647) % p_partition_count)::integer;
end
$$;

-- Judges a token and, with p_lock, keeps the row as it is to the end of the transaction. One row:
--   ok           whether the transaction may write for the profile
--   sqlstate     what require_token raises instead: WD001 stop, WD002 retry, WD003 unknown; null where ok
--   reason       older, revoked, ended; not-caught-up, other-database, behind, newer; unknown-profile
--   known_token  the highest token this database knows of, null where it knows none
--   message      the same for people
-- Runs with the rights and the search path of its callers.
create or replace function warden.judge(
  p_profile_id text, p_token bigint, p_seen_offset bigint, p_lock boolean,
  out ok boolean, out sqlstate text, out reason text, out known_token bigint, out message text
)
language plpgsql volatile as $$
declare
  v_token bigint;
  v_valid boolean;
  v_partition integer;
  v_offset bigint;
  v_revoked bigint;
  v_confirmed text;
  v_partition_count integer;
  v_next bigint;
  v_checked jsonb;
begin
  if p_profile_id is null or char_length(p_profile_id) not between 1 and 128 then
    raise exception 'profile id must have 1 to 128 characters' using errcode = '22023';
  end if;
  if p_token is null or p_token not between 1 and 4503599627370495 then
    raise exception 'token must be a whole number from 1 to 4503599627370495, got %', p_token using errcode = '22023';
  end if;
  if p_seen_offset < 0 then
    raise exception 'seen offset must not be negative, got %', p_seen_offset using errcode = '22023';
  end if;

  if p_lock then
    -- By id only: a row that no longer matched another condition after the wait would slip through unlocked.
    select f.token, f.valid, f.partition, f.log_offset into v_token, v_valid, v_partition, v_offset
    from warden.fence f where f.profile_id = p_profile_id for share;
  else
    select f.token, f.valid, f.partition, f.log_offset into v_token, v_valid, v_partition, v_offset
    from warden.fence f where f.profile_id = p_profile_id;
  end if;

  -- A statement of its own, so under READ COMMITTED it sees every mark committed before the lock was held.
  select d.confirmed_identity, d.partition_count, r.token into v_confirmed, v_partition_count, v_revoked
  from warden.database d left join warden.revocation r on r.profile_id = p_profile_id;

  if p_seen_offset is not null and (v_token is null or v_offset < p_seen_offset) then
    select p.next_offset into v_next from warden.progress p
    where p.partition = coalesce(v_partition, warden.partition_of(p_profile_id, v_partition_count));
    v_next := coalesce(v_next, 0);
  end if;

  known_token := greatest(v_token, v_revoked);
  if p_token <= v_revoked then
    sqlstate := 'WD001'; reason := 'revoked'; message := 'revoked';
  elsif p_token < v_token then
    sqlstate := 'WD001'; reason := 'older'; message := format('older than the current token %s', v_token);
  elsif p_token = v_token and not v_valid then
    sqlstate := 'WD001'; reason := 'ended'; message := 'its lease has ended';
  elsif v_confirmed is null then
    sqlstate := 'WD002'; reason := 'not-caught-up'; message := 'this database has not caught up with the log';
  elsif v_confirmed <> warden.database_incarnation() then
    sqlstate := 'WD002'; reason := 'other-database';
    message := 'this database was restored, promoted or restarted and has not caught up with the log again';
  elsif v_next <= p_seen_offset then
    sqlstate := 'WD002'; reason := 'behind'; message := format('this database has not reached offset %s', p_seen_offset);
  elsif v_token is null then
    sqlstate := 'WD003'; reason := 'unknown-profile'; message := 'unknown profile';
  elsif p_token > v_token then
    sqlstate := 'WD002'; reason := 'newer'; message := format('newer than the current token %s', v_token);
  end if;

  ok := sqlstate is null;
  if not ok then
    message := format('profile %s, token %s: %s', quote_literal(p_profile_id), p_token, message);
  elsif p_lock then
    -- For the triggers of guard_table. It goes with the lock: at the end, or when a savepoint is rolled back. Whoever
    -- writes it by hand gains nothing, since each trigger judges the token that it finds there.
    v_checked := coalesce(nullif(current_setting('warden.tokens', true), ''), '{}')::jsonb;
    if (v_checked ->> p_profile_id) is distinct from p_token::text then
      perform set_config('warden.tokens', (v_checked || jsonb_build_object(p_profile_id, p_token))::text, true);
    end if;
  end if;
end
$$;

-- The verdict as an answer: the transaction goes on. It is looked at first and locked then, so that whoever is refused
-- and leaves his transaction open holds up no fence that is raised or moved.
create or replace function warden.try_token(
  p_profile_id text, p_token bigint, p_seen_offset bigint default null,
  out ok boolean, out sqlstate text, out reason text, out known_token bigint, out message text
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  select * into ok, sqlstate, reason, known_token, message
  from warden.judge(p_profile_id, p_token, p_seen_offset, false);
  if ok then
    select * into ok, sqlstate, reason, known_token, message
    from warden.judge(p_profile_id, p_token, p_seen_offset, true);
  end if;
end
$$;

-- What was judged against a token, as an error. Runs with the rights and the search path of its callers.
create or replace function warden.refuse(p_profile_id text, p_token bigint, p_verdict record) returns void
language plpgsql volatile as $$
begin
  raise exception using
    errcode = p_verdict.sqlstate,
    message = p_verdict.message,
    detail = json_build_object(
      'reason', p_verdict.reason, 'profileId', p_profile_id,
      'presentedToken', p_token, 'knownToken', p_verdict.known_token)::text,
    hint = case p_verdict.sqlstate
      when 'WD001' then 'Stop: nothing may ever be written with this token again. Roll back and give the lease up.'
      when 'WD002' then 'Roll back and try the whole transaction again, for a few seconds at most.'
      when 'WD003' then 'Check the profile id; a profile becomes known here with its first lease.'
      else 'Roll back, and call warden.require_token(profile_id, token) first in the transaction that writes.'
    end;
end
$$;

-- The first statement of a transaction that writes for a profile; never behind a savepoint (rolling back to
-- it would drop the lock), several profiles in the order of their ids. Returns, or raises
--   WD001 stop      the token is older, revoked, or its lease has ended: for good
--   WD002 retry     the fence is not there yet: newer token, behind p_seen_offset, database not confirmed
--   WD003 unknown   the profile never had a lease
-- p_seen_offset: offset of a record that the caller has read and wants to be counted, such as its own grant.
create or replace function warden.require_token(
  p_profile_id text, p_token bigint, p_seen_offset bigint default null
) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_token bigint;
  v_valid boolean;
  v_offset bigint;
  v_ok boolean;
  v_checked jsonb;
  v_verdict record;
begin
  -- What judge() finds good, in the same two statements and few expressions more: each that a transaction meets for the
  -- first time takes microseconds, and nearly every call is one of these.
  select f.token, f.valid, f.log_offset into v_token, v_valid, v_offset
  from warden.fence f where f.profile_id = p_profile_id for share;
  select v_valid and v_token = p_token and coalesce(r.token < p_token, true)
         and (p_seen_offset is null or p_seen_offset between 0 and v_offset)
         and d.confirmed_identity = warden.database_incarnation(),
         coalesce(nullif(current_setting('warden.tokens', true), ''), '{}')::jsonb
  into v_ok, v_checked
  from warden.database d left join warden.revocation r on r.profile_id = p_profile_id;
  if v_ok then
    if (v_checked ->> p_profile_id) is distinct from p_token::text then
      perform set_config('warden.tokens', (v_checked || jsonb_build_object(p_profile_id, p_token))::text, true);
    end if;
    return;
  end if;

  v_verdict := warden.judge(p_profile_id, p_token, p_seen_offset, true);
  if not v_verdict.ok then
    perform warden.refuse(p_profile_id, p_token, v_verdict);
  end if;
end
$$;

-- Only version 1 had it.
drop function if exists warden.refuse(text, text, text, bigint, bigint, text);

create or replace view warden.fence_state as
  select f.profile_id, f.token, f.valid and coalesce(r.token < f.token, true) as valid, f.partition, f.log_offset,
         r.token as revoked_token
  from warden.fence f left join warden.revocation r using (profile_id);

-- Profile Warden: the fence of an account database, part 3: how the projector moves it.

-- What a revocation has promised must survive a crash of the server, whatever the session is set to.
create or replace function warden.commit_durably() returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
end
$$;

-- First commit of a revocation: from here on no transaction that has not yet passed require_token will.
create or replace function warden.mark_revoked(p_profile_id text, p_token bigint, p_log_offset bigint) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform warden.commit_durably();
  insert into warden.revocation as r (profile_id, token, log_offset) values (p_profile_id, p_token, p_log_offset)
  on conflict (profile_id) do update set token = excluded.token, log_offset = excluded.log_offset
  where r.token < excluded.token;
end
$$;

-- Carries a grant (p_valid) or the end of a lease into the row; the record with the higher offset wins.
-- Returns 'changed', 'already' (this offset or a later one is in the row), or 'locked': a writer holds the
-- row and p_wait is false. With p_wait it waits for the writers in flight, bounded by lock_timeout.
create or replace function warden.advance_fence(
  p_profile_id text, p_token bigint, p_valid boolean, p_partition integer, p_log_offset bigint,
  p_wait boolean default true
) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_token bigint;
  v_offset bigint;
begin
  perform warden.commit_durably();
  if p_wait then
    select f.token, f.log_offset into v_token, v_offset
    from warden.fence f where f.profile_id = p_profile_id for no key update;
  else
    select f.token, f.log_offset into v_token, v_offset
    from warden.fence f where f.profile_id = p_profile_id for no key update skip locked;
  end if;
  if v_token is null then
    insert into warden.fence (profile_id, token, valid, partition, log_offset)
    values (p_profile_id, p_token, p_valid, p_partition, p_log_offset) on conflict do nothing;
    if found then return 'changed'; end if;
    if not p_wait then return 'locked'; end if;
    return warden.advance_fence(p_profile_id, p_token, p_valid, p_partition, p_log_offset, true);
  end if;
  if v_offset >= p_log_offset then return 'already'; end if;
  if v_token > p_token then
    raise exception 'profile %: offset % carries token % behind token % of offset %: this is another log',
      quote_literal(p_profile_id), p_log_offset, p_token, v_token, v_offset using errcode = '22023';
  end if;
  update warden.fence f
  set token = p_token, valid = p_valid, partition = p_partition, log_offset = p_log_offset
  where f.profile_id = p_profile_id;
  return 'changed';
end
$$;

-- Second commit of a revocation: waits for the writers in flight. Once it has committed, nothing that
-- presents this token can commit here any more.
create or replace function warden.raise_fence(
  p_profile_id text, p_token bigint, p_partition integer, p_log_offset bigint, p_wait boolean default true
) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_answer text;
begin
  if not exists (select from warden.revocation r where r.profile_id = p_profile_id and r.token >= p_token) then
    raise exception 'profile %: token % is not marked as revoked; commit mark_revoked first',
      quote_literal(p_profile_id), p_token using errcode = '55000';
  end if;
  v_answer := warden.advance_fence(p_profile_id, p_token, false, p_partition, p_log_offset, p_wait);
  if v_answer = 'already' and exists (
    select from warden.fence f where f.profile_id = p_profile_id and f.token <= p_token and f.valid
  ) then
    raise exception 'profile %: token % is valid at a later offset than %: this is another log',
      quote_literal(p_profile_id), p_token, p_log_offset using errcode = '22023';
  end if;
  return v_answer;
end
$$;

-- Tells how far a partition has come. The goal is the end of the log, asked for after this database (by
-- identity) was met; once every partition has reached its goal the database is confirmed.
-- Returns the identity, so that the caller learns of a restore or failover.
create or replace function warden.report_progress(
  p_partition integer, p_partition_count integer, p_goal_offset bigint, p_next_offset bigint
) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_identity text := warden.database_incarnation();
  v_count integer;
  v_confirmed text;
begin
  select d.partition_count, d.confirmed_identity into v_count, v_confirmed from warden.database d;
  if v_count is distinct from p_partition_count then
    if v_count is not null then
      raise exception 'this fence was built from a log of % partitions, not %', v_count, p_partition_count
        using errcode = '22023';
    end if;
    update warden.database set partition_count = p_partition_count;
  end if;
  insert into warden.progress as p (partition, identity, goal_offset, next_offset)
  values (p_partition, v_identity, p_goal_offset, p_next_offset)
  on conflict (partition) do update set
    identity = excluded.identity,
    goal_offset = case when p.identity = excluded.identity then p.goal_offset else excluded.goal_offset end,
    next_offset = case when p.identity = excluded.identity
      then greatest(p.next_offset, excluded.next_offset) else excluded.next_offset end;
  -- Two callers that finish at once may each miss the other; the next report of either one confirms.
  if v_confirmed is distinct from v_identity and p_partition_count = (
    select count(*) from warden.progress p
    where p.identity = v_identity and p.next_offset >= p.goal_offset and p.partition < p_partition_count
  ) then
    update warden.database set confirmed_identity = v_identity;
  end if;
  return warden.database_identity();
end
$$;

-- Who keeps a session waiting: for the alert that names a writer which does not end its transaction.
create or replace function warden.blocking_sessions(p_pid integer)
returns table (pid integer, application_name text, user_name text, open_ms bigint)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select a.pid, a.application_name, a.usename::text,
         (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::bigint
  from pg_stat_activity a where a.pid = any (pg_blocking_pids(p_pid))
$$;

-- Profile Warden: the fence of an account database, part 4: tables that refuse whoever forgot to ask.

-- Every profile whose row a transaction touches must have been accepted in this transaction. The token found there
-- is judged again by the same function, and the row locked again if a savepoint has dropped the lock. So it does
-- not matter who wrote the setting: only a token that is good now passes.
create or replace function warden.require_checked(p_profile_id text) returns boolean
language plpgsql volatile as $$
declare
  v_token bigint := (nullif(current_setting('warden.tokens', true), '')::jsonb ->> p_profile_id)::bigint;
  v_verdict record;
begin
  if v_token is null then
    select 'WD004' as sqlstate, 'unchecked' as reason, null::bigint as known_token,
           format('profile %s: no token was accepted for it in this transaction', quote_nullable(p_profile_id)) as message
    into v_verdict;
  else
    v_verdict := warden.judge(p_profile_id, v_token, null, true);
    if v_verdict.ok then return true; end if;
  end if;
  perform warden.refuse(p_profile_id, v_token, v_verdict);
  return false;
end
$$;

create or replace function warden.guard_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'table % is guarded: TRUNCATE names no profile whose token could be checked', tg_relid::regclass
    using errcode = 'WD004', hint = 'Delete the rows of one profile at a time, or call warden.unguard_table first.';
end
$$;

-- From here on every row of the table that is inserted, updated (as it was and as it becomes) or deleted needs the
-- token of the profile in `p_profile_column`, whatever statement touches it, COPY and cascades included. Partitions
-- are covered, also those to come. Who calls it must own the table and the fence. Calling it again changes nothing,
-- but for partitions that have come since: they refuse TRUNCATE as well from then on.
create or replace function warden.guard_table(p_table regclass, p_profile_column name) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_function name := 'guard_by_' || p_profile_column;
  v_partition regclass;
begin
  if not exists (select from pg_class c where c.oid = p_table and c.relkind in ('r', 'p')) then
    raise exception '% is not a table', p_table using errcode = '42809';
  end if;
  if not exists (
    select from pg_attribute a
    where a.attrelid = p_table and a.attname = p_profile_column and a.attnum > 0 and not a.attisdropped
  ) then
    raise exception 'table % has no column %', p_table, quote_ident(p_profile_column) using errcode = '42703';
  end if;
  if octet_length(p_profile_column) > 54 then
    raise exception 'the name of column % is too long to be guarded, at most 54 bytes', quote_ident(p_profile_column)
      using errcode = '42622';
  end if;
  -- A function per name of a column: looking the column up for each row would cost more than the check.
  execute format('create or replace function warden.%I() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as %L', v_function, format($body$
declare
  v_ok boolean;
begin
  if tg_op <> 'INSERT' then
    v_ok := warden.require_checked(old.%1$I::text);
  end if;
  if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.%1$I is distinct from old.%1$I then
    v_ok := warden.require_checked(new.%1$I::text);
  end if;
  return null;
end
$body$, p_profile_column));
  execute format('revoke all on function warden.%I() from public', v_function);
  -- After the row and not before: other triggers can no longer change it.
  execute format('create or replace trigger warden_guard after insert or update or delete on %s
    for each row execute function warden.%I()', p_table, v_function);
  for v_partition in select p_table union select t.relid from pg_partition_tree(p_table) t loop
    execute format('create or replace trigger warden_guard_truncate before truncate on %s
      for each statement execute function warden.guard_truncate()', v_partition);
  end loop;
end
$$;

create or replace function warden.unguard_table(p_table regclass) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_partition regclass;
begin
  execute format('drop trigger if exists warden_guard on %s', p_table);
  for v_partition in select p_table union select t.relid from pg_partition_tree(p_table) t loop
    execute format('drop trigger if exists warden_guard_truncate on %s', v_partition);
  end loop;
end
$$;

create or replace view warden.guarded_table as
  select t.tgrelid::regclass::text as table_name, substr(p.proname, length('guard_by_') + 1) as profile_column,
         t.tgenabled <> 'D' as is_enabled
  from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
  where t.tgname = 'warden_guard' and p.pronamespace = 'warden'::regnamespace;

-- Profile Warden: the fence of an account database, part 5: who may do what. Everybody else may nothing.

revoke all on schema warden from public;
revoke all on all tables in schema warden from public;
revoke all on all functions in schema warden from public;
grant usage on schema warden to warden_reader, warden_projector;
grant execute on function
  warden.require_token(text, bigint, bigint),
  warden.try_token(text, bigint, bigint)
to warden_reader, warden_projector;
grant select on warden.fence_state, warden.guarded_table to warden_reader, warden_projector;
grant select on all tables in schema warden to warden_projector;
grant execute on function
  warden.database_identity(),
  warden.mark_revoked(text, bigint, bigint),
  warden.advance_fence(text, bigint, boolean, integer, bigint, boolean),
  warden.raise_fence(text, bigint, integer, bigint, boolean),
  warden.report_progress(integer, integer, bigint, bigint),
  warden.blocking_sessions(integer)
to warden_projector;

