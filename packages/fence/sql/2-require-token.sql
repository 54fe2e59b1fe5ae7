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
  v_guards boolean;
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
         d.guards
  into v_ok, v_guards
  from warden.database d left join warden.revocation r on r.profile_id = p_profile_id;
  if v_ok then
    -- Nobody reads it where no table is guarded. One that becomes so in between refuses this transaction once.
    if v_guards then
      v_checked := coalesce(nullif(current_setting('warden.tokens', true), ''), '{}')::jsonb;
      if (v_checked ->> p_profile_id) is distinct from p_token::text then
        perform set_config('warden.tokens', (v_checked || jsonb_build_object(p_profile_id, p_token))::text, true);
      end if;
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
