drop function events_after(bigint, integer);
drop function settled_event();
drop table event_removals;
drop table events;
drop function hold_event_order();
