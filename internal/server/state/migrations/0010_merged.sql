-- What became part of an incident is looked for by it.
CREATE INDEX incidents_merged ON incidents (merged_into) WHERE merged_into <> '';
