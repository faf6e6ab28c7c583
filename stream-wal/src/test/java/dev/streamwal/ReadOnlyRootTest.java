package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamwal.error.ConsumerMismatchException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.SmallDisk;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A log on a file system that can't be written to is read, and not opened for writing. */
class ReadOnlyRootTest {

    private static final int DISK_BYTES = 4 << 20;

    @ParameterizedTest
    @EnumSource(value = Storage.class, names = {"MAPPED", "CHANNEL"})
    void open_readOnly_refusedAndReadersRead(Storage storage, @TempDir Path scratch) throws IOException {
        SmallDisk disk = SmallDisk.mount(DISK_BYTES);
        try (LogHome home = LogHome.on(disk, storage)) {
            Path root = home.root();
            WalOptions options = WalOptions.builder().storage(storage).build();
            EntryRef ref;
            try (StreamWal wal = StreamWal.open(root, options)) {
                ref = wal.stream("s").append(new byte[100]);
            }
            assumeTrue(disk.remount("ro"));
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatThrownBy(() -> StreamWal.open(root, options)).isInstanceOf(WalIOException.class)
                        .hasMessageContaining(root.toString()).hasMessageContaining("open the log")
                        .hasMessageContaining("is read-only").hasMessageContaining("make it writable, or only read the log");
                assertThatThrownBy(() -> StreamWal.rehearseRecovery(root, RecoveryPolicy.STOP_AT_FIRST_ERROR, scratch, progress -> { }))
                        .hasMessageContaining("is read-only: file=" + root.resolve("LOCK")).hasMessageContaining("rehearse the recovery of a copy")
                        .hasMessageNotContaining(scratch.toString());
            }
            assertThatThrownBy(() -> StreamWal.open(root.resolveSibling("new"), options)).isInstanceOf(WalIOException.class)
                    .hasMessageContaining("new");
            try (WalReader reader = WalReader.open(root)) {
                assertThat(reader.find(ref).orElseThrow().contentBytes()).isEqualTo(new byte[100]);
            }
            assumeTrue(disk.remount("rw"));
            try (StreamWal wal = StreamWal.open(root, options)) {
                assertThat(wal.stream("s").append(new byte[100]).position()).isEqualTo(ref.end());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Storage.class, names = {"MAPPED", "CHANNEL"})
    void consumer_readOnly_readsOnAndCannotCommit(Storage storage) throws IOException {
        SmallDisk disk = SmallDisk.mount(DISK_BYTES);
        try (LogHome home = LogHome.on(disk, storage)) {
            Path root = home.root();
            EntryRef first;
            EntryRef second;
            try (StreamWal wal = StreamWal.open(root, WalOptions.builder().storage(storage).build()); WalReader reader = wal.reader()) {
                first = wal.stream("s").append(new byte[100]);
                second = wal.stream("s").append(new byte[100]);
                try (WalConsumer consumer = reader.consumer("known", Keys.key("s"))) {
                    consumer.commit("s", first.end());
                }
            }
            assumeTrue(disk.remount("ro"));
            try (WalReader reader = WalReader.open(root)) {
                try (WalConsumer known = reader.consumer("known", Keys.key("s"))) {
                    assertReads(known, second);
                    assertThat(known.lost()).isEmpty();
                    assertThat(known.committed("s")).hasValue(first.end());
                    assertCannotCommit(known, second.end());
                }
                try (WalConsumer unknown = reader.consumer("new", Keys.key("s")); WalConsumer all = reader.consumer("newer", Keys.all())) {
                    assertReads(unknown, first);
                    assertReads(all, first);
                    assertCannotCommit(unknown, first.end());
                    assertReads(unknown, second);
                }
                assertThatThrownBy(() -> reader.consumer("known", Keys.key("other"))).isInstanceOf(ConsumerMismatchException.class);
                assertThatThrownBy(() -> reader.removeConsumer("known")).isInstanceOf(WalIOException.class);
                assertThat(reader.consumers()).containsExactly("known");
                assertThat(reader.describeConsumer("known").orElseThrow().committed()).containsEntry("s", first.end());
            }
            assumeTrue(disk.remount("rw"));
            try (WalReader reader = WalReader.open(root); WalConsumer known = reader.consumer("known", Keys.key("s"))) {
                assertReads(known, second);
                known.commit("s", second.end());
            }
        }
    }

    private static void assertReads(WalConsumer consumer, EntryRef ref) {
        assertThat(consumer.entries().next()).isTrue();
        assertThat(consumer.entries().ref()).isEqualTo(ref);
    }

    private static void assertCannotCommit(WalConsumer consumer, long position) {
        assertThatThrownBy(() -> consumer.commit("s", position)).isInstanceOf(WalIOException.class)
                .hasMessageContaining("cannot be written to").hasMessageContaining("consumer=" + consumer.name())
                .hasMessageContaining("Read-only").hasMessageContaining("read on");
    }
}
