package dev.streamwal.examples.eventsourcing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.examples.ExampleProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Event sourcing from its beginning to its end: each accepted command is an event, and all ways to an account's state lead to the same one. */
class EventSourcingTest {
    private static final Pattern COMMANDS = Pattern.compile("commands +([\\d,]+) accepted, ([\\d,]+) refused");

    @TempDir
    Path folder;

    @Test
    void eventSourcing_statesAreTheSame_andEventsAreAsManyAsCommands() throws Exception {
        String printed = ExampleProcess.output(folder, EventSourcing.class, folder);

        Matcher commands = COMMANDS.matcher(printed);
        assertThat(commands.find()).isTrue();
        assertThat(number(commands.group(1)) + number(commands.group(2))).isEqualTo(20 + 2 * 4 * 150);
        assertThat(printed)
                .contains(commands.group(1) + " events on 20 accounts")
                .contains("20 of 20 accounts are the same");
    }

    /** A projection that has no view, as there is a folder of that name. */
    @Test
    @Timeout(300)
    void eventSourcing_whoseProjectionEnds_isNotWaitedFor() throws Exception {
        assertThat(Files.createDirectory(folder.resolve("balances.csv"))).isDirectory();
        assertThatThrownBy(() -> EventSourcing.main(new String[] {folder.toString()}))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("exitCode=1");
    }

    private static int number(String text) {
        return Integer.parseInt(text.replace(",", ""));
    }
}
