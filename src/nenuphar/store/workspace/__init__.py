"""The memory of the workspace: projects, inputs and runs in a database, their files in a folder."""
