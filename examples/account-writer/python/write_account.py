import sys
import psycopg

profile_id, token, amount = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
try:
    with psycopg.connect() as connection:  # one transaction: committed at its end, rolled back by an error
        connection.execute("select warden.require_token(%s, %s)", (profile_id, token))
        connection.execute("update account set balance = balance + %s where profile_id = %s", (amount, profile_id))
except psycopg.Error as error:
    sys.exit(f"{error.diag.sqlstate}: {error}")
