"""Try to break it: routes with which the page does to the application what otherwise happens by bad luck."""
