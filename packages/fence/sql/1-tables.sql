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

-- `guards`: some table has been guarded, so accepted tokens are noted for its trigger.
alter table warden.database add column if not exists guards boolean not null default false;

do $$
declare
  c_version constant integer := 3;
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
