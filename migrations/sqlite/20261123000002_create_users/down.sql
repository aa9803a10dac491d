DROP TABLE hpc_user;
