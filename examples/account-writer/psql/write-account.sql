-- psql -v ON_ERROR_STOP=1 -v profile=profile-17 -v token=4 -v amount=-5 -f write-account.sql
\set VERBOSITY verbose
begin;
select warden.require_token(:'profile', :'token');
update account set balance = balance + :'amount' where profile_id = :'profile';
commit;
