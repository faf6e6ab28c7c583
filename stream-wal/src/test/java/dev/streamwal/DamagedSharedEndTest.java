package dev.streamwal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A stream has segments of its own, and then records in a shared segment, of which one is damaged. Recovery makes it padding, and packing leaves it out: what is
 * left says that the stream ends where its own segment does. Its position isn't given again.
 */
class DamagedSharedEndTest {

    private static final String CONTENT = "the record that is damaged";

    private final List<EntryRef> given = new ArrayList<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path root;

    /** @param opening behind the damage, in which the stream is used again: 1 is the one that finds it */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void append_theStreamsSharedRecordIsDamaged_givesNoPositionAgain(int opening) throws IOException {
        append(Segments.OWN, "a", "first");
        append(Segments.SHARED, "a", CONTENT);
        damage();
        for (int other = 1; other < opening; other++) {
            append(Segments.SHARED, "b", "other");
        }
        append(Segments.OWN, "a", "later");
        append(Segments.OWN, "a", "last");
        List<EntryRef> ofStream = given.stream().filter(ref -> ref.key().equals("a")).toList();
        for (int i = 1; i < ofStream.size(); i++) {
            assertThat(ofStream.get(i).position()).as("given, in order: %s", ofStream).isGreaterThanOrEqualTo(ofStream.get(i - 1).end());
        }
        // believed again: the end of what was written since is where the stream goes on
        assertThat(ofStream.get(3).position()).isEqualTo(ofStream.get(2).end());
    }

    /** The damage comes while the log is open, and packing finds it: in what an earlier writer left, or in what this one wrote. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void append_packingFindsTheDamage_givesNoPositionAgain(boolean isOfThisWriter) throws IOException {
        append(Segments.OWN, "a", "first");
        if (!isOfThisWriter) {
            append(Segments.SHARED, "a", CONTENT);
        }
        try (StreamWal wal = open(Segments.SHARED)) {
            if (isOfThisWriter) {
                given.add(wal.stream("a").append(CONTENT.getBytes(ISO_8859_1)));
            }
            given.add(wal.stream("c").append(new byte[10]));
            damage();
            now = now.plusSeconds(1_000_000);
            assertThat(wal.pack()).isPositive();
            if (!isOfThisWriter) {
                given.add(wal.stream("a").append(new byte[10]));
            }
        }
        append(Segments.OWN, "a", "later");
        List<EntryRef> ofStream = given.stream().filter(ref -> ref.key().equals("a")).toList();
        for (int i = 1; i < ofStream.size(); i++) {
            assertThat(ofStream.get(i).position()).as("given, in order: %s", ofStream).isGreaterThanOrEqualTo(ofStream.get(i - 1).end());
        }
    }

    private StreamWal open(Segments segments) {
        return StreamWal.open(root, WalOptions.builder().clock(() -> now).sweepInterval(Duration.ZERO)
                .streams("*", StreamOptions.builder().segments(segments).build()).build());
    }

    private void append(Segments segments, String key, String content) {
        try (StreamWal wal = open(segments)) {
            given.add(wal.stream(key).append(content.getBytes(ISO_8859_1)));
            // so that there is data behind it
            given.add(wal.stream("c").append(content.toUpperCase(Locale.ROOT).getBytes(ISO_8859_1)));
            if (key.equals("b")) {
                int unused = wal.pack();
            }
        }
    }

    private void damage() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                int at = new String(bytes, ISO_8859_1).indexOf(CONTENT);
                if (at >= 0 && file.toString().endsWith(".seg")) {
                    bytes[at]++;
                    Files.write(file, bytes);
                    return;
                }
            }
        }
        throw new AssertionError("no segment has the record");
    }
}
