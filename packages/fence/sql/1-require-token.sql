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
