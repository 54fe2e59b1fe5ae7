-- The read model of the projector, and the snapshot every service may start from. Names carry no schema: the
-- runner sets the search path, so the same files build a second read model beside the live one.
-- Never edit a migration that has been released; add the next number.

-- Where each partition stands. Written in the same transaction as everything that follows from its records.
create table projection_offset (
  partition integer primary key,
  next_offset bigint not null,
  fold_version integer not null,
  -- The log incarnation: a log that does not begin with the first record and hold the last one is another log.
  first_record_id text,
  last_record_id text,
  last_record_offset bigint,
  -- json, not jsonb, wherever text from workers is kept: jsonb refuses the character U+0000, and what the log
  -- holds must never stop a projection.
  state json not null,
  hash text not null,
  updated_at timestamptz not null default now()
);

create table profile (
  profile_id text primary key,
  partition integer not null,
  lifecycle text not null,
  token bigint not null,
  since_offset bigint not null,
  since_at timestamptz not null,
  folded_offset bigint not null,
  state json not null
) with (fillfactor = 80);

create index profile_by_partition on profile (partition);
create index profile_in_review on profile (since_at, profile_id) where lifecycle = 'manual-review';

-- One row per round of a recovery.
create table recovery_case (
  profile_id text not null,
  token bigint not null,
  round integer not null,
  cause text not null,
  opened_offset bigint not null,
  opened_at timestamptz not null,
  evidence json,
  evidence_offset bigint,
  decision json,
  decided_offset bigint,
  resolved json,
  resolved_offset bigint,
  primary key (profile_id, token, round)
);

-- Every event but heartbeats and ticks, for as long as somebody may ask; the topic forgets earlier.
create table event_archive (
  partition integer not null,
  log_offset bigint not null,
  broker_at timestamptz not null,
  profile_id text,
  type text not null,
  event_id text not null,
  body json not null,
  primary key (partition, log_offset)
);

create index event_archive_of_profile on event_archive (profile_id, log_offset) where profile_id is not null;
