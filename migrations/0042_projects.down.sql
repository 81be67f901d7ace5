drop trigger users_hand_on_projects on users;
drop function hand_on_projects();
drop table project_invitations;
drop table project_members;
drop table project_keys;
drop table projects;
