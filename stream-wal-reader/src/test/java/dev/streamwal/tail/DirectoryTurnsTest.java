package dev.streamwal.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.StreamKey;
import dev.streamwal.segment.ReadSettingsForTests;
import dev.streamwal.walk.ReadMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class DirectoryTurnsTest {

    private static final int STREAMS = 10_000;
    private static final int WITH_DIRECTORY = 40;
    /** Until each stream has been passed once. */
    private static final int A_TURN = STREAMS / 1_024 + 3;

    @TempDir
    private Path root;

    private LogSource log;
    private DirectoryTurns turns;
    private long folderChanges = 1;
    private final List<String> looks = new ArrayList<>();

    @BeforeEach
    void follow() throws IOException {
        for (int i = 0; i < WITH_DIRECTORY; i++) {
            makeDirectory(key(i * (STREAMS / WITH_DIRECTORY)));
        }
        log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null);
        turns = new DirectoryTurns(log, this::look);
        for (int i = 0; i < STREAMS; i++) {
            turns.add(new FollowedStream(key(i), () -> true, new ReadMemory(0, 1)));
        }
    }

    @AfterEach
    void close() {
        log.close();
    }

    private static String key(int stream) {
        return "meter/" + stream;
    }

    private void makeDirectory(String key) throws IOException {
        Files.createDirectories(root.resolve(StreamDirectory.NAME).resolve(StreamKey.of(key).directoryName()));
    }

    private boolean look(FollowedStream stream) {
        looks.add(stream.key());
        try {
            boolean unused = stream.mayHaveMore(log, System.nanoTime(), folderChanges);
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void take(int times) throws IOException {
        for (int i = 0; i < times; i++) {
            turns.take(folderChanges);
        }
    }

    @Test
    void take_fewOfManyStreamsHaveADirectory_onlyTheseAreLookedAtAndSoon() throws IOException {
        take(A_TURN);
        assertThat(looks).as("no other stream needs a look").allMatch(key -> Files.isDirectory(log.streams().of(StreamKey.of(key))));
        looks.clear();
        take(2);
        assertThat(looks).as("all of them within two").hasSizeGreaterThanOrEqualTo(WITH_DIRECTORY);
        assertThat(new HashSet<>(looks)).hasSize(WITH_DIRECTORY);
    }

    @Test
    void take_aDirectoryComesLater_isLookedAtFromThenOn() throws IOException {
        take(A_TURN);
        String late = key(STREAMS - 1);
        makeDirectory(late);
        looks.clear();
        take(A_TURN);
        assertThat(looks).as("as far as is known the folder hasn't changed").doesNotContain(late);
        folderChanges++;
        awaitListing(late);
        looks.clear();
        take(2);
        assertThat(looks).contains(late);
    }

    /** The listing is only due after a rest. */
    private void awaitListing(String late) throws IOException {
        while (!looks.contains(late)) {
            take(1);
        }
    }

    @Test
    void take_aDirectoryGoes_isLookedAtOnceMore() throws IOException {
        take(A_TURN);
        String gone = key(0);
        Files.delete(log.streams().of(StreamKey.of(gone)));
        folderChanges++;
        take(A_TURN);
        looks.clear();
        take(2 * A_TURN);
        assertThat(looks).doesNotContain(gone);
    }
}
