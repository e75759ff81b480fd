"""Ground floor: words, time, tables and the store. Code about data; a school's own data lives in the state folder."""
