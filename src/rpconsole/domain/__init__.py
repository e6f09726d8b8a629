"""What rpconsole knows about runs, stages, sessions and files: pure functions over frozen data, standard library only."""
