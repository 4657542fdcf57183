"""SAP Datasphere (SAP HANA Cloud) as a backend, through hdbcli in processes of its own."""
