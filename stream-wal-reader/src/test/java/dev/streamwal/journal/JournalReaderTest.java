package dev.streamwal.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.format.RecordLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JournalReaderTest {

    private static final int WINDOW = JournalReader.WINDOW_BYTES;
    private static final int PREFIX = JournalBlockLayout.PREFIX_BYTES;

    private final ByteBuffer bytes = ByteBuffer.allocate(2 * WINDOW + WINDOW / 2).order(ByteOrder.LITTLE_ENDIAN);

    private void putPrefix(int offset) {
        bytes.putLong(offset + JournalBlockLayout.MAGIC, JournalBlockLayout.MAGIC_VALUE);
        bytes.putLong(offset + JournalBlockLayout.JOURNAL_ID, 7);
        bytes.putLong(offset + JournalBlockLayout.SEQUENCE, 3);
        bytes.putInt(offset + JournalBlockLayout.LENGTH, PREFIX + RecordLayout.ALIGNMENT);
    }

    /** Each multiple of 8 is asked on its own. */
    private List<Long> oneByOne() {
        List<Long> found = new ArrayList<>();
        for (int offset = 0; offset <= bytes.capacity() - PREFIX; offset += RecordLayout.ALIGNMENT) {
            if (JournalBlockLayout.decode(bytes, offset, bytes.capacity() - offset) != null) {
                found.add((long) offset);
            }
        }
        return found;
    }

    private List<Long> found(Path file) throws IOException {
        Files.write(file, bytes.array());
        List<Long> found = new ArrayList<>();
        try (JournalReader reader = new JournalReader(bytes.capacity())) {
            reader.open(file);
            for (long at = reader.findPrefix(0); at >= 0; at = reader.findPrefix(at + 1)) {
                found.add(at);
            }
        }
        return found;
    }

    @Test
    void findPrefix_amongZerosAndOtherBytes_findsEach() throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path file = memory.getPath("/journal");
            assertThat(found(file)).as("nothing but zeros").isEmpty();
            // around the beginning, the ends of the windows in which it is read, and the end
            for (int around : new int[] {0, WINDOW, 2 * WINDOW, bytes.capacity()}) {
                for (int offset = around - 2 * PREFIX; offset <= around + 2 * PREFIX; offset += RecordLayout.ALIGNMENT) {
                    if (offset < 0 || offset > bytes.capacity() - PREFIX - RecordLayout.ALIGNMENT) {
                        continue;
                    }
                    for (int before : new int[] {0, 1, Long.BYTES}) {
                        bytes.clear().put(new byte[bytes.capacity()]);
                        if (before > 0 && offset >= before) {
                            bytes.put(offset - before, (byte) 1);
                        }
                        putPrefix(offset);
                        assertThat(found(file)).as("a prefix at %d, another byte %d before it", offset, before).containsExactly((long) offset);
                    }
                }
            }
        }
    }

    @Test
    void findPrefix_anyFile_findsWhatStandsThere() throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path file = memory.getPath("/journal");
            for (int seed = 1; seed <= 20; seed++) {
                Random random = new Random(seed);
                bytes.clear().put(new byte[bytes.capacity()]);
                for (int i = 0; i < 200; i++) {
                    int offset = RecordLayout.ALIGNMENT * random.nextInt((bytes.capacity() - PREFIX) / RecordLayout.ALIGNMENT);
                    if (random.nextBoolean()) {
                        putPrefix(offset);
                    } else {
                        bytes.put(offset + random.nextInt(PREFIX), (byte) random.nextInt());
                    }
                }
                List<Long> expected = oneByOne();
                assertThat(found(file)).as("seed %d", seed).isEqualTo(expected);
                assertThat(expected).isNotEmpty();
            }
        }
    }
}
