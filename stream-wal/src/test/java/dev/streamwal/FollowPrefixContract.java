package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Following many streams of a log that is written. */
@Timeout(300)
abstract class FollowPrefixContract extends LogContract {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(10);
    private static final long FOLDER_SETTLES_MILLIS = 2_500;

    FollowPrefixContract(LogHome home) {
        super(home);
    }

    private static String next(EntryTail tail) throws InterruptedException {
        assertThat(tail.next(LONG)).isTrue();
        return tail.key() + "=" + tail.content().toString(StandardCharsets.UTF_8);
    }

    private static int drain(EntryTail tail) {
        int count = 0;
        while (tail.next()) {
            count++;
        }
        return count;
    }

    @Test
    void next_oneOfManyStreamsIsAppendedTo_isDelivered() throws Exception {
        int streams = 300;
        try (StreamWal wal = open(); WalReader within = wal.reader(); WalReader without = WalReader.open(root);
                EntryTail here = within.follow(Keys.prefix("s"), ReadFrom.first()); EntryTail there = without.follow(Keys.prefix("s"), ReadFrom.first())) {
            for (int i = 0; i < streams; i++) {
                wal.stream("s" + i).append(bytes("first"));
            }
            for (EntryTail tail : List.of(here, there)) {
                for (int i = 0; i < streams; i++) {
                    assertThat(next(tail)).endsWith("=first");
                }
                assertThat(tail.next(SHORT)).isFalse();
            }
            for (int i = 0; i < 20; i++) {
                String key = "s" + i * 7;
                if (i % 5 == 4) {
                    clock.advance(WINDOW);
                }
                if (i % 7 == 6) {
                    assertThat(wal.delete(key)).isTrue();
                }
                wal.stream(key).append(bytes("r" + i));
                assertThat(next(here)).isEqualTo(key + "=r" + i);
                assertThat(next(there)).isEqualTo(key + "=r" + i);
            }
        }
    }

    @Test
    void next_threadsAppendToManyStreams_deliversEachStreamInOrderOnce() throws Exception {
        int streams = 100;
        int each = 60;
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root); EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            List<CompletableFuture<Void>> writing = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                int first = thread;
                writing.add(CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < each; i++) {
                        for (int stream = first; stream < streams; stream += 4) {
                            wal.stream("s" + stream).append(bytes(String.valueOf(i)));
                        }
                    }
                }));
            }
            Map<String, Integer> delivered = new HashMap<>();
            for (int i = 0; i < streams * each; i++) {
                String[] entry = next(tail).split("=");
                assertThat(Integer.parseInt(entry[1])).as(entry[0]).isEqualTo(delivered.merge(entry[0], 1, Integer::sum) - 1);
            }
            assertThat(drain(tail)).isZero();
            assertThat(delivered).hasSize(streams);
            writing.forEach(CompletableFuture::join);
        }
    }

    /** Nothing of another stream comes between its records, which stand in a shared segment. */
    @Test
    void next_oneStreamThatSharesIsAppendedToAgainAndAgain_isDeliveredEachTime() throws Exception {
        try (StreamWal wal = open(options().streams("*", StreamOptions.builder().segments(Segments.SHARED).build()), THIS_BOOT);
                WalReader within = wal.reader(); WalReader without = WalReader.open(root);
                EntryTail here = within.follow(Keys.all(), ReadFrom.first()); EntryTail there = without.follow(Keys.all(), ReadFrom.first())) {
            for (int i = 0; i < 5; i++) {
                if (i == 1) {
                    // until then the folder may have changed, and streams without a directory are looked at besides
                    Thread.sleep(FOLDER_SETTLES_MILLIS);
                }
                assertThat(here.next()).isFalse();
                assertThat(there.next()).isFalse();
                assertThat(here.next()).isFalse();
                assertThat(there.next()).isFalse();
                wal.stream("a").append(bytes("a" + i));
                assertThat(next(here)).isEqualTo("a=a" + i);
                assertThat(next(there)).isEqualTo("a=a" + i);
            }
        }
    }

    @Test
    void next_writerComesAgain_isFollowed() throws Exception {
        open().close();
        try (WalReader reader = WalReader.open(root); EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            for (int i = 0; i < 6; i++) {
                try (StreamWal wal = open(options(), i % 3 == 2 ? NEXT_BOOT : THIS_BOOT)) {
                    wal.stream("a").append(bytes("a" + i));
                    assertThat(next(tail)).isEqualTo("a=a" + i);
                    assertThat(tail.next(SHORT)).isFalse();
                }
            }
        }
    }

    /** Counted are reads: of the file, of a few commit words in turn, and of the one stream that has something. */
    @Test
    void next_twoThousandStreamsOfWhichOneIsActive_readsLittle() throws Exception {
        if (!home.isMapped()) {
            return;
        }
        int streams = 2_000;
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root)) {
            for (int i = 0; i < streams; i++) {
                wal.stream("s" + i).append(bytes("first"));
            }
            try (EntryTail tail = reader.follow(Keys.prefix("s"), ReadFrom.first())) {
                assertThat(drain(tail)).isEqualTo(streams);
                assertThat(tail.next(SHORT)).isFalse();
                assertThat(drain(tail)).isZero();
                long before = reader.readCalls();
                int records = 200;
                for (int i = 0; i < records; i++) {
                    wal.stream("s17").append(bytes("r" + i));
                    assertThat(next(tail)).isEqualTo("s17=r" + i);
                }
                assertThat(reader.readCalls() - before).isLessThan(records * 60L);
            }
        }
    }

    /** Versions before this one had a file of marks, which nobody makes any more. */
    @Test
    void open_activityFileOfAnOlderVersion_isDeleted() throws Exception {
        open().close();
        Files.write(root.resolve("activity"), new byte[64]);
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root); EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            assertThat(root.resolve("activity")).doesNotExist();
            for (int i = 0; i < 10; i++) {
                wal.stream("s" + i % 3).append(bytes("r" + i));
                assertThat(next(tail)).isEqualTo("s" + i % 3 + "=r" + i);
            }
        }
        assertThat(root.resolve("activity")).doesNotExist();
    }
}
