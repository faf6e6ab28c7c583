package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalIOException;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.SmallDisk;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A log on a file system that can't be written to is read, and not opened for writing. */
class ReadOnlyRootTest {

    private static final int DISK_BYTES = 4 << 20;

    @ParameterizedTest
    @EnumSource(value = Storage.class, names = {"MAPPED", "CHANNEL"})
    void open_readOnly_refusedAndReadersRead(Storage storage) throws IOException {
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
                        .hasMessageContaining(root.toString()).hasMessageContaining("open the log");
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
}
