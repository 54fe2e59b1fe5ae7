-- What this service owns. Run it as the owner of the database, after the fence: then the last line guards the table.
create table account (
  profile_id text primary key,
  balance integer not null default 0
);
select warden.guard_table('account', 'profile_id');
