-- Profile Warden: the fence of an account database, part 1: what account services use. Both parts belong into one
-- transaction, as the owner of the database: psql -1 -f 1-require-token.sql -f 2-projector.sql, or installFence().
-- Running them again changes nothing.
--
-- Together they add: schema warden, two roles without login, four small tables, nine functions, one view.
-- Account services are granted warden_reader, the projector's login is granted warden_projector.

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

-- `confirmed_identity`: the database whose rows are known to be complete. A restored or promoted
-- database has another one and answers WD002 until the fences were raised again from the log.
create table if not exists warden.database (
  only_row boolean primary key default true check (only_row),
  version integer not null,
  partition_count integer,
  confirmed_identity text
);

insert into warden.database (version) values (1) on conflict do nothing;

-- System id and timeline. The timeline comes from the WAL being written: the control file learns of a
-- promotion only with the next checkpoint, minutes later.
create or replace function warden.database_identity() returns text
language sql volatile security definer set search_path = '' as $$
  select system_identifier::text || ':' ||
         pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8)
  from pg_catalog.pg_control_system()
$$;

-- Partition of a profile: murmur2 of the UTF-8 key, as every Kafka client computes it.
create or replace function warden.partition_of(p_profile_id text, p_partition_count integer) returns integer
language plpgsql immutable security definer set search_path = '' as $$
declare
  c_mask constant bigint := 4294967295;
  c_m constant bigint := 1540483477;
  v_key bytea := pg_catalog.convert_to(p_profile_id, 'UTF8');
  v_length integer := pg_catalog.length(v_key);
  v_hash bigint := 2538058380 # v_length;
  v_word bigint;
  v_at integer := 0;
begin
  while v_at + 4 <= v_length loop
    v_word := pg_catalog.get_byte(v_key, v_at) | (pg_catalog.get_byte(v_key, v_at + 1)::bigint << 8)
            | (pg_catalog.get_byte(v_key, v_at + 2)::bigint << 16) | (pg_catalog.get_byte(v_key, v_at + 3)::bigint << 24);
    v_word := (v_word * c_m) & c_mask;
    v_word := ((v_word # (v_word >> 24)) * c_m) & c_mask;
    v_hash := ((v_hash * c_m) & c_mask) # v_word;
    v_at := v_at + 4;
  end loop;
  if v_at < v_length then
    for v_byte in reverse v_length - 1 .. v_at loop
      v_hash := v_hash # (pg_catalog.get_byte(v_key, v_byte)::bigint << (8 * (v_byte - v_at)));
    end loop;
    v_hash := (v_hash * c_m) & c_mask;
  end if;
  v_hash := ((v_hash # (v_hash >> 13)) * c_m) & c_mask;
  v_hash := v_hash # (v_hash >> 15);
  return ((v_hash & 2147483647) % p_partition_count)::integer;
end
$$;

create or replace function warden.refuse(
  p_state text, p_reason text, p_profile_id text, p_token bigint, p_known bigint, p_text text
) returns void
language plpgsql security definer set search_path = '' as $$
begin
  raise exception using
    errcode = p_state,
    message = pg_catalog.format('profile %s, token %s: %s', pg_catalog.quote_literal(p_profile_id), p_token, p_text),
    detail = pg_catalog.json_build_object(
      'reason', p_reason, 'profileId', p_profile_id, 'presentedToken', p_token, 'knownToken', p_known)::text,
    hint = case p_state
      when 'WD001' then 'Stop: nothing may ever be written with this token again. Roll back and give the lease up.'
      when 'WD002' then 'Roll back and try the whole transaction again, for a few seconds at most.'
      else 'Check the profile id; a profile becomes known here with its first lease.'
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
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_token bigint;
  v_valid boolean;
  v_partition integer;
  v_offset bigint;
  v_revoked bigint;
  v_confirmed text;
  v_partition_count integer;
  v_next bigint;
begin
  if p_profile_id is null or pg_catalog.char_length(p_profile_id) not between 1 and 128 then
    raise exception 'profile id must have 1 to 128 characters' using errcode = '22023';
  end if;
  if p_token is null or p_token not between 1 and 4503599627370495 then
    raise exception 'token must be a whole number from 1 to 4503599627370495, got %', p_token using errcode = '22023';
  end if;
  if p_seen_offset < 0 then
    raise exception 'seen offset must not be negative, got %', p_seen_offset using errcode = '22023';
  end if;

  -- By id only: a row that no longer matched another condition after the wait would slip through unlocked.
  select f.token, f.valid, f.partition, f.log_offset into v_token, v_valid, v_partition, v_offset
  from warden.fence f where f.profile_id = p_profile_id for share;

  -- A statement of its own, so under READ COMMITTED it sees every mark committed before the lock was held.
  select r.token into v_revoked from warden.revocation r where r.profile_id = p_profile_id;

  if p_token <= v_revoked then
    perform warden.refuse('WD001', 'revoked', p_profile_id, p_token, greatest(v_token, v_revoked), 'revoked');
  elsif p_token < v_token then
    perform warden.refuse('WD001', 'older', p_profile_id, p_token, v_token,
      pg_catalog.format('older than the current token %s', v_token));
  elsif p_token = v_token and not v_valid then
    perform warden.refuse('WD001', 'ended', p_profile_id, p_token, v_token, 'its lease has ended');
  end if;

  select d.confirmed_identity, d.partition_count into v_confirmed, v_partition_count from warden.database d;
  if v_confirmed is null then
    perform warden.refuse('WD002', 'not-caught-up', p_profile_id, p_token, v_token,
      'this database has not caught up with the log');
  elsif v_confirmed <> warden.database_identity() then
    perform warden.refuse('WD002', 'other-database', p_profile_id, p_token, v_token,
      'this database was restored or promoted and has not caught up with the log again');
  end if;

  if p_seen_offset is not null and (v_token is null or v_offset < p_seen_offset) then
    select p.next_offset into v_next from warden.progress p
    where p.partition = coalesce(v_partition, warden.partition_of(p_profile_id, v_partition_count));
    if v_next is null or v_next <= p_seen_offset then
      perform warden.refuse('WD002', 'behind', p_profile_id, p_token, v_token,
        pg_catalog.format('this database has not reached offset %s', p_seen_offset));
    end if;
  end if;

  if v_token is null then
    perform warden.refuse('WD003', 'unknown-profile', p_profile_id, p_token, null, 'unknown profile');
  elsif p_token > v_token then
    perform warden.refuse('WD002', 'newer', p_profile_id, p_token, v_token,
      pg_catalog.format('newer than the current token %s', v_token));
  end if;
end
$$;

create or replace view warden.fence_state as
  select f.profile_id, f.token, f.valid and coalesce(r.token < f.token, true) as valid, f.partition, f.log_offset,
         r.token as revoked_token
  from warden.fence f left join warden.revocation r using (profile_id);
-- Profile Warden: the fence of an account database, part 2: how the projector moves it, and who may do what.

-- First commit of a revocation: from here on no transaction that has not yet passed require_token will.
create or replace function warden.mark_revoked(p_profile_id text, p_token bigint, p_log_offset bigint) returns void
language sql volatile security definer set search_path = '' as $$
  insert into warden.revocation as r (profile_id, token, log_offset) values (p_profile_id, p_token, p_log_offset)
  on conflict (profile_id) do update set token = excluded.token, log_offset = excluded.log_offset
  where r.token < excluded.token
$$;

-- Carries a grant (p_valid) or the end of a lease into the row; the record with the higher offset wins.
-- Returns 'changed', 'already' (this offset or a later one is in the row), or 'locked': a writer holds the
-- row and p_wait is false. With p_wait it waits for the writers in flight, bounded by lock_timeout.
create or replace function warden.advance_fence(
  p_profile_id text, p_token bigint, p_valid boolean, p_partition integer, p_log_offset bigint,
  p_wait boolean default true
) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_token bigint;
  v_offset bigint;
begin
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
      pg_catalog.quote_literal(p_profile_id), p_log_offset, p_token, v_token, v_offset using errcode = '22023';
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
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_answer text;
begin
  if not exists (select from warden.revocation r where r.profile_id = p_profile_id and r.token >= p_token) then
    raise exception 'profile %: token % is not marked as revoked; commit mark_revoked first',
      pg_catalog.quote_literal(p_profile_id), p_token using errcode = '55000';
  end if;
  v_answer := warden.advance_fence(p_profile_id, p_token, false, p_partition, p_log_offset, p_wait);
  if v_answer = 'already' and exists (
    select from warden.fence f where f.profile_id = p_profile_id and f.token <= p_token and f.valid
  ) then
    raise exception 'profile %: token % is valid at a later offset than %: this is another log',
      pg_catalog.quote_literal(p_profile_id), p_token, p_log_offset using errcode = '22023';
  end if;
  return v_answer;
end
$$;

-- Tells how far a partition has come. The goal is the end of the log as seen when this database (by
-- identity) was met first; once every partition has reached its goal the database is confirmed.
-- Returns the identity, so that the caller learns of a restore or failover.
create or replace function warden.report_progress(
  p_partition integer, p_partition_count integer, p_goal_offset bigint, p_next_offset bigint
) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_identity text := warden.database_identity();
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
    select pg_catalog.count(*) from warden.progress p
    where p.identity = v_identity and p.next_offset >= p.goal_offset and p.partition < p_partition_count
  ) then
    update warden.database set confirmed_identity = v_identity;
  end if;
  return v_identity;
end
$$;

-- Who keeps a session waiting: for the alert that names a writer which does not end its transaction.
create or replace function warden.blocking_sessions(p_pid integer)
returns table (pid integer, application_name text, user_name text, open_ms bigint)
language sql volatile security definer set search_path = '' as $$
  select a.pid, a.application_name, a.usename::text,
         (extract(epoch from pg_catalog.clock_timestamp() - a.xact_start) * 1000)::bigint
  from pg_catalog.pg_stat_activity a where a.pid = any (pg_catalog.pg_blocking_pids(p_pid))
$$;

revoke all on schema warden from public;
revoke all on all tables in schema warden from public;
revoke all on all functions in schema warden from public;
grant usage on schema warden to warden_reader, warden_projector;
grant execute on function warden.require_token(text, bigint, bigint) to warden_reader, warden_projector;
grant select on warden.fence_state to warden_reader, warden_projector;
grant select on all tables in schema warden to warden_projector;
grant execute on function
  warden.database_identity(),
  warden.mark_revoked(text, bigint, bigint),
  warden.advance_fence(text, bigint, boolean, integer, bigint, boolean),
  warden.raise_fence(text, bigint, integer, bigint, boolean),
  warden.report_progress(integer, integer, bigint, bigint),
  warden.blocking_sessions(integer)
to warden_projector;
