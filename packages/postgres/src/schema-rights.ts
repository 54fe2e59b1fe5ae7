import type { PoolClient } from 'pg';

/**
 * Statements that give the objects of one schema the owner and the grants that their namesakes in another have. `$1` is
 * the schema to copy from, `$2` the one that gets them; taken away first is what creation has granted by default.
 */
const STATEMENTS = `
with source as (
  select c.oid, c.relname as name, c.relkind, c.relacl, c.relowner from pg_class c
  where c.relnamespace = $1::text::regnamespace and c.relkind in ('r', 'p', 'S')
), target as (
  select c.relname as name, c.relkind, c.relacl, c.relowner from pg_class c
  where c.relnamespace = $2::text::regnamespace and c.relkind in ('r', 'p', 'S')
), steps as (
  select 1 as step, format('revoke all on %s %I.%I from %s', kind.word, $2, t.name, holder.name) as statement
  from target t, lateral aclexplode(t.relacl) a, lateral (${kindOf('t.relkind')}) kind, lateral (${grantee('a')}) holder
  where a.grantee <> t.relowner
  union
  select 2, format('alter schema %I owner to %s', $2, n.nspowner::regrole)
  from pg_namespace n where n.oid = $1::text::regnamespace
  union
  -- A sequence goes with the table that it counts for.
  select 3, format('alter table %I.%I owner to %s', $2, s.name, s.relowner::regrole) from source s where s.relkind <> 'S'
  union
  select 4, format('grant %s on schema %I to %s%s', a.privilege_type, $2, holder.name, ${option('a')})
  from pg_namespace n, lateral aclexplode(n.nspacl) a, lateral (${grantee('a')}) holder
  where n.oid = $1::text::regnamespace and a.grantee <> n.nspowner
  union
  select 5, format('grant %s on %s %I.%I to %s%s', a.privilege_type, kind.word, $2, s.name, holder.name, ${option('a')})
  from source s, lateral aclexplode(s.relacl) a, lateral (${kindOf('s.relkind')}) kind, lateral (${grantee('a')}) holder
  where a.grantee <> s.relowner
  union
  select 6, format('grant %s (%I) on %I.%I to %s%s', a.privilege_type, c.attname, $2, s.name, holder.name, ${option('a')})
  from source s join pg_attribute c on c.attrelid = s.oid, lateral aclexplode(c.attacl) a, lateral (${grantee('a')}) holder
  where not c.attisdropped
  union
  select 7, format('alter default privileges for role %s in schema %I grant %s on %s to %s%s', d.defaclrole::regrole, $2,
                   a.privilege_type, kind.word, holder.name, ${option('a')})
  from pg_default_acl d, lateral aclexplode(d.defaclacl) a, lateral (${grantee('a')}) holder,
       lateral (select case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                       else 'types' end as word) kind
  where d.defaclnamespace = $1::text::regnamespace
)
select statement from steps order by step, statement`;

function kindOf(column: string): string {
  return `select case ${column} when 'S' then 'sequence' else 'table' end as word`;
}

function grantee(acl: string): string {
  return `select case ${acl}.grantee when 0 then 'public' else ${acl}.grantee::regrole::text end as name`;
}

function option(acl: string): string {
  return `case when ${acl}.is_grantable then ' with grant option' else '' end`;
}

/** Inside the caller's transaction. Who may what on `to`, and who owns it, is then as on `from`. */
export async function copyRights(client: PoolClient, from: string, to: string): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(STATEMENTS, [from, to]);
  for (const { statement } of rows) await client.query(statement);
}

/** What lives in a schema or stands on a table of it, described without the schema's name. */
const OBJECTS = `
select replace(pg_describe_object(o.class, o.id, 0), $1 || '.', '') as what
from (
  select 'pg_class'::regclass as class, oid as id from pg_class where relnamespace = $1::text::regnamespace
  union select 'pg_proc'::regclass, oid from pg_proc where pronamespace = $1::text::regnamespace
  union select d.classid, d.objid from pg_depend d join pg_class c on c.oid = d.refobjid
        where d.refclassid = 'pg_class'::regclass and c.relnamespace = $1::text::regnamespace
) o
where not exists (select 1 from pg_class t where t.oid = o.id and o.class = 'pg_class'::regclass and t.relkind = 't')`;

/** Views, indexes, triggers and the like that somebody has put upon a schema and its copy lacks. */
export async function objectsWithoutCopy(
  client: PoolClient,
  schema: string,
  copy: string,
): Promise<readonly string[]> {
  const described = async (of: string): Promise<readonly string[]> =>
    (await client.query<{ what: string | null }>(OBJECTS, [of])).rows.map(({ what }) => what ?? '');
  const known = new Set(await described(copy));
  return (await described(schema)).filter((what) => !known.has(what)).sort();
}
