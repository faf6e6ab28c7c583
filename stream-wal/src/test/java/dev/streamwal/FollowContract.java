package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Following a log that is written: by a reader of the writer's, and by one that knows nothing of it. */
@Timeout(300)
abstract class FollowContract extends LogContract {

    private static final String KEY = "host/cpu";
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(10);

    FollowContract(LogHome home) {
        super(home);
    }

    /** Two tails of the same stream from its beginning: they deliver the same. */
    private final class Tails implements AutoCloseable {
        private final WalReader within;
        private final WalReader without = WalReader.open(root);
        private final List<EntryTail> tails;

        Tails(StreamWal wal) {
            this.within = wal.reader();
            this.tails = List.of(within.follow(KEY, ReadFrom.first()), without.follow(KEY, ReadFrom.first()));
        }

        void assertNext(String... contents) throws InterruptedException {
            for (EntryTail tail : tails) {
                for (String content : contents) {
                    assertThat(tail.next(LONG)).as("there is %s", content).isTrue();
                    assertThat(tail.content().toString(StandardCharsets.UTF_8)).isEqualTo(content);
                }
                assertThat(tail.next()).isFalse();
                assertThat(tail.next(SHORT)).isFalse();
            }
        }

        void assertNothing() throws InterruptedException {
            assertNext();
        }

        void each(Consumer<EntryTail> check) {
            tails.forEach(check);
        }

        @Override
        public void close() {
            tails.forEach(EntryTail::close);
            within.close();
            without.close();
        }
    }

    @Test
    void next_streamThatComesLater_isFollowed() throws Exception {
        try (StreamWal wal = open(); Tails tails = new Tails(wal)) {
            tails.assertNothing();
            wal.stream(KEY).append(bytes("a"));
            tails.assertNext("a");
            wal.stream(KEY).appendBatch(List.of(WriteEntry.of(bytes("b")), WriteEntry.of(bytes("c"))));
            tails.assertNext("b", "c");
        }
    }

    @Test
    void next_manyRotations_deliversEverythingOnceInOrder() throws Exception {
        try (StreamWal wal = open(); Tails tails = new Tails(wal)) {
            for (int i = 0; i < 60; i++) {
                if (i % 3 == 0) {
                    clock.advance(WINDOW);
                }
                if (i % 7 == 0) {
                    appendSome(wal.stream("other"), MANY);
                }
                wal.stream(KEY).append(bytes("r" + i));
                tails.assertNext("r" + i);
            }
            assertThat(segmentsOf(KEY)).hasSize(20);
        }
    }

    @Test
    void next_busyStreamThatIsMappedGrownAndFull_deliversEverythingOnceInOrder() throws Exception {
        int count = 3_000;
        try (StreamWal wal = open(); Tails tails = new Tails(wal)) {
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < count; i++) {
                    wal.stream(KEY).append(bytes("r" + i + "x".repeat(i % 100)));
                }
            });
            tails.each(tail -> {
                for (int i = 0; i < count; i++) {
                    assertThat(unchecked(tail)).isTrue();
                    assertThat(tail.content().toString(StandardCharsets.UTF_8)).isEqualTo("r" + i + "x".repeat(i % 100));
                }
            });
            writing.join();
            tails.assertNothing();
            assertThat(segmentsOf(KEY)).hasSizeGreaterThan(2);
        }
    }

    private static boolean unchecked(EntryTail tail) {
        try {
            return tail.next(LONG);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void next_everythingSweptBehindIt_goesOnWithWhatComes() throws Exception {
        try (StreamWal wal = open(); Tails tails = new Tails(wal)) {
            for (int round = 0; round < 3; round++) {
                wal.stream(KEY).append(bytes("a" + round));
                tails.assertNext("a" + round);
                clock.advance(RETENTION.plus(WINDOW).plus(WINDOW));
                assertThat(sweepUntilGone(wal)).isEmpty();
                tails.assertNothing();
            }
            wal.stream(KEY).append(bytes("b"));
            tails.assertNext("b");
        }
    }

    /** What is idle is sealed by one pass, and deleted by one after that. */
    private List<?> sweepUntilGone(StreamWal wal) {
        await("a swept stream", () -> {
            SweepResult unused = wal.sweep();
            return segmentsOf(KEY).isEmpty();
        });
        return segmentsOf(KEY);
    }

    @Test
    void next_overtakenByRetention_saysWhatIsMissingOnce() throws Exception {
        try (StreamWal wal = open(); Tails tails = new Tails(wal)) {
            wal.stream(KEY).append(bytes("a"));
            tails.assertNext("a");
            List<EntryRef> missed = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                clock.advance(WINDOW);
                missed.add(wal.stream(KEY).append(bytes("b" + i)));
            }
            clock.advance(RETENTION.plus(WINDOW));
            wal.stream(KEY).append(bytes("c"));
            awaitSealed(4);
            assertThat(wal.sweep().deletedSegments()).isEqualTo(4);
            tails.each(tail -> assertThatThrownBy(() -> tail.next(LONG)).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
                assertThat(e.from()).isEqualTo(missed.get(0).position());
                assertThat(e.to()).isEqualTo(missed.get(2).end());
            }));
            tails.assertNext("c");
        }
    }

    @Test
    void next_deletedAndRecreated_missesNothingThatItHadRead() throws Exception {
        try (StreamWal wal = open(); Tails tails = new Tails(wal)) {
            for (int i = 0; i < 5; i++) {
                wal.stream(KEY).append(bytes("a" + i));
                tails.assertNext("a" + i);
                assertThat(wal.delete(KEY)).isTrue();
                if (i % 2 == 0) {
                    tails.assertNothing();
                }
            }
        }
    }

    @Test
    void follow_aPositionWhereTheStreamHadGoneAndTheLogWasReopened_tellsWhatMayBeMissing() throws Exception {
        EntryRef unread;
        try (StreamWal wal = open()) {
            wal.stream(KEY).append(bytes("a"));
            unread = wal.stream(KEY).append(bytes("b"));
            assertThat(wal.delete(KEY)).isTrue();
        }
        try (StreamWal wal = open(); WalReader other = WalReader.open(root);
                EntryTail alone = other.follow(KEY, ReadFrom.position(unread.position()));
                EntryTail ofKeys = other.follow(Map.of(KEY, ReadFrom.position(unread.position())));
                EntryTail fromFirst = other.follow(Map.of(KEY, ReadFrom.first()))) {
            List<EntryTail> tails = List.of(alone, ofKeys, fromFirst);
            for (EntryTail tail : tails) {
                assertThat(tail.next(SHORT)).isFalse();
            }
            EntryRef again = wal.stream(KEY).append(bytes("c"));
            for (EntryTail tail : List.of(alone, ofKeys)) {
                assertThatThrownBy(() -> tail.next(LONG)).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
                    assertThat(e.from()).isEqualTo(unread.position());
                    assertThat(e.to()).isEqualTo(again.position());
                });
            }
            // nothing says that the stream was there before, and a new one has lost nothing
            tails.forEach(tail -> assertThat(upTo("c", tail)).containsExactly("c"));
        }
    }

    @Test
    void next_truncated_goesOnWithWhatIsAppendedThen() throws Exception {
        try (StreamWal wal = open(); Tails tails = new Tails(wal)) {
            EntryRef a = wal.stream(KEY).append(bytes("a"));
            wal.stream(KEY).append(bytes("b"));
            clock.advance(WINDOW);
            wal.stream(KEY).append(bytes("c"));
            tails.assertNext("a", "b", "c");
            wal.stream(KEY).truncateAfter(a);
            tails.assertNothing();
            wal.stream(KEY).append(bytes("d"));
            tails.assertNext("d");
            wal.stream(KEY).append(bytes("e"));
            wal.stream(KEY).append(bytes("f"));
            wal.stream(KEY).truncateAfter(a);
            wal.stream(KEY).append(bytes("g"));
            tails.each(tail -> assertThat(upTo("g", tail)).as("what it hasn't read is delivered from where it reads, or not at all")
                    .isIn(List.of("g"), List.of("e", "f", "g")));
            tails.assertNothing();
            long cutOff = wal.stream(KEY).endPosition();
            wal.stream(KEY).truncateAfter(a);
            try (WalReader later = WalReader.open(root); EntryTail tail = later.follow(KEY, ReadFrom.position(cutOff))) {
                assertThat(tail.next(SHORT)).isFalse();
                wal.stream(KEY).append(bytes("h"));
                assertThat(tail.next(LONG)).isTrue();
                assertThat(tail.content().toString(StandardCharsets.UTF_8)).isEqualTo("h");
            }
        }
    }

    private static List<String> upTo(String last, EntryTail tail) {
        List<String> contents = new ArrayList<>();
        do {
            assertThat(unchecked(tail)).isTrue();
            contents.add(tail.content().toString(StandardCharsets.UTF_8));
        } while (!contents.contains(last));
        return contents;
    }

    @Test
    void next_writerEndsAndComesAgain_goesOn() throws Exception {
        try (WalReader reader = openedRoot(); EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            for (int i = 0; i < 6; i++) {
                try (StreamWal wal = open(options(), i % 3 == 2 ? NEXT_BOOT : THIS_BOOT)) {
                    wal.stream(KEY).append(bytes("a" + i));
                    assertThat(tail.next(LONG)).isTrue();
                    assertThat(tail.content().toString(StandardCharsets.UTF_8)).isEqualTo("a" + i);
                    assertThat(tail.next(SHORT)).isFalse();
                }
                assertThat(tail.next(SHORT)).isFalse();
            }
        }
    }

    private WalReader openedRoot() {
        open().close();
        return WalReader.open(root);
    }

    @Test
    void follow_end_ofTheWriterIsBehindWhatThisThreadAppended() throws Exception {
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            for (int i = 0; i < MANY; i++) {
                wal.stream(KEY).append(bytes("a"));
                try (EntryTail tail = reader.follow(KEY, ReadFrom.end())) {
                    assertThat(tail.next()).isFalse();
                    assertThat(tail.nextPosition()).isEqualTo(wal.stream(KEY).endPosition());
                }
            }
        }
    }

    @Test
    void next_logIsClosed_goesOnWaiting() throws Exception {
        StreamWal wal = open();
        wal.stream(KEY).append(bytes("a"));
        try (WalReader reader = wal.reader(); EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(tail.next(LONG)).isTrue();
            wal.close();
            assertThat(tail.next(SHORT)).isFalse();
            try (StreamWal again = open()) {
                again.stream(KEY).append(bytes("b"));
                assertThat(tail.next(LONG)).isTrue();
            }
        }
    }
}
