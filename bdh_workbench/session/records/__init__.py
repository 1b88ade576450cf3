"""What goes in and out of a session, as frozen records: jobs, events, views and the notebook. Without torch."""
