"""What stands behind the commands: options, tables, progress, the live set-up."""
