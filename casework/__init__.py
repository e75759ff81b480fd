"""The safeguarding lead's room: judgement, cases, requests, checks. Rules are pure; only the service has effects."""
