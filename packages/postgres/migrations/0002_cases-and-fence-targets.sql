-- How often the profile of a case was looked at in this round, looks that settled nothing included. Rows from before
-- say 0 until the read model is rebuilt.
alter table recovery_case add column attempt_count integer not null default 0;

-- Every batch rewrites the profiles that were heard: room for the new version beside the old one on the same page
-- spares the indexes.
alter table profile set (fillfactor = 50);
alter table projection_offset set (fillfactor = 50);

-- How each projector finds each fence target. No image of the log: a rebuild carries these two tables over as they are.
create table fence_target_state (
  target text not null,
  projector text not null,
  reachable boolean not null,
  since timestamptz not null,
  incarnation text,
  last_error text,
  -- Rows that the target still has to be told, those among them whose profile a writer holds.
  pending_count integer not null,
  -- [{profileId, token, since, sessions: [{pid, applicationName, userName, since}]}], longest first, bounded.
  blocked json not null,
  seen_at timestamptz not null,
  primary key (target, projector)
);

-- Who gave the projectors which targets, and when. The newest row of a target says whether it is served.
create table fence_target_change (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  target text not null,
  what text not null check (what in ('added', 'moved', 'removed', 'retired')),
  -- Host, port and database; never a password.
  address text not null,
  by_whom text not null,
  projector text not null,
  reason text
);

create index fence_target_change_newest on fence_target_change (target, id desc);
