package dev.streamwal.cli;

import picocli.CommandLine.Mixin;

/** A command that reads what the records of streams contain. */
abstract class RecordsCommand extends StreamsCommand {

    @Mixin
    private final KeysOption keys = new KeysOption();

    RecordsCommand(CommandContext context) {
        super(context);
    }

    @Override
    final KeysOption keys() {
        return keys;
    }
}
