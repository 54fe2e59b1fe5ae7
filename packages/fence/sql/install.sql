-- psql -1 -v ON_ERROR_STOP=1 -f install.sql
\ir 1-tables.sql
\ir 2-require-token.sql
\ir 3-projector.sql
\ir 4-guard-table.sql
\ir 5-rights.sql
