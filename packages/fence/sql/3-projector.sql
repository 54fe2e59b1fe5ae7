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
