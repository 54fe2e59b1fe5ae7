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
