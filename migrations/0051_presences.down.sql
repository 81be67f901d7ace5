drop table presences;
