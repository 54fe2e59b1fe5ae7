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
  update warden.database set guards = true where not guards;
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

-- Guarded by an older version, or restored with its trigger into a database that has the fence anew.
update warden.database set guards = true where not guards and exists (select from warden.guarded_table);
