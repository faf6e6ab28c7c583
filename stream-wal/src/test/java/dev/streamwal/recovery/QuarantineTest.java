package dev.streamwal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.LogFile;
import dev.streamwal.storage.ChannelStorage;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class QuarantineTest {

    private static final StreamKey KEY = StreamKey.of("sensor/a");
    private static final int LIMIT = 1_000;

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private Path root = memory.getPath("/log");
    private Path segment = root.resolve("0000000000000000_1.seg");

    @BeforeEach
    void makeSegment() throws IOException {
        Files.createDirectories(root);
        byte[] content = new byte[600];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) i;
        }
        Files.write(segment, content);
    }

    @AfterEach
    void forgetMemory() throws IOException {
        memory.close();
    }

    private Optional<Path> setAside(Quarantine quarantine, long from, long to) throws IOException {
        try (LogFile file = LogFile.reading(segment)) {
            return quarantine.setAside(KEY, segment, file, from, to);
        }
    }

    @Test
    void setAside_aPart_copiesExactlyThat() throws IOException {
        Path copy = setAside(new Quarantine(new ChannelStorage(), root, LIMIT), 100, 350).orElseThrow();
        assertThat(Files.readAllBytes(copy)).hasSize(250).startsWith(100, 101).endsWith((byte) 349);
        assertThat(copy.getParent()).isEqualTo(root.resolve("quarantine"));
        assertThat(copy.getFileName().toString()).contains("sensor%2fa").contains("_100");
    }

    /** Without it no record of the copy can be verified when the segment has gone. */
    @Test
    void setAside_partsOfASharedSegment_copiesItsHeader_once() throws IOException {
        Quarantine quarantine = new Quarantine(new ChannelStorage(), root, LIMIT);
        try (LogFile file = LogFile.reading(segment)) {
            for (int from : new int[] {300, 400}) {
                Path copy = quarantine.setAside(StreamKey.SHARED, segment, file, from, 450).orElseThrow();
                assertThat(Files.readAllBytes(copy)).hasSize(450 - from);
            }
        }
        int headerBytes = SegmentHeaderLayout.headerLength(StreamKey.SHARED.utf8Length());
        Path header = root.resolve("quarantine").resolve(StreamKey.SHARED.directoryName() + "_" + segment.getFileName() + "_0.aside");
        assertThat(Files.readAllBytes(header)).hasSize(headerBytes).startsWith(0, 1, 2).endsWith((byte) (headerBytes - 1));
        try (Stream<Path> all = Files.list(root.resolve("quarantine"))) {
            assertThat(all).hasSize(3);
        }
    }

    @Test
    void setAside_theSamePlaceAgain_keepsBoth() throws IOException {
        Quarantine quarantine = new Quarantine(new ChannelStorage(), root, LIMIT);
        Path first = setAside(quarantine, 0, 10).orElseThrow();
        Path second = setAside(quarantine, 0, 10).orElseThrow();
        assertThat(second).isNotEqualTo(first).exists();
        assertThat(first).exists();
    }

    @Test
    void setAside_pastTheLimit_copiesNothing() throws IOException {
        Quarantine quarantine = new Quarantine(new ChannelStorage(), root, LIMIT);
        assertThat(setAside(quarantine, 0, 600)).isPresent();
        assertThat(setAside(quarantine, 0, 401)).isEmpty();
        assertThat(setAside(quarantine, 0, 400)).isPresent();
        assertThat(setAside(quarantine, 0, 1)).isEmpty();
    }

    @Test
    void move_aWholeSegment_countsTowardsTheLimit() throws IOException {
        Quarantine quarantine = new Quarantine(new ChannelStorage(), root, LIMIT);
        Path moved = quarantine.move(KEY, segment, 600).orElseThrow();
        assertThat(segment).doesNotExist();
        assertThat(Files.size(moved)).isEqualTo(600);
        makeSegment();
        assertThat(quarantine.move(KEY, segment, 600)).isEmpty();
        assertThat(segment).exists();
        assertThat(setAside(quarantine, 0, 401)).isEmpty();
        assertThat(setAside(quarantine, 0, 400)).isPresent();
    }

    @Test
    void setAside_somebodyHasMadeRoom_thatIsSeen() throws IOException {
        Quarantine quarantine = new Quarantine(new ChannelStorage(), root, LIMIT);
        Path first = setAside(quarantine, 0, 600).orElseThrow();
        assertThat(setAside(quarantine, 0, 600)).isEmpty();
        Files.delete(first);
        assertThat(setAside(quarantine, 0, 600)).isPresent();
    }

    /** The journal's files are written again and again, and so may be damaged at the same place more than once. */
    @Test
    void setAsideJournal_laterDamageAtTheSamePlace_isCopiedToo_theSameDamageOnce() throws IOException {
        Path journal = root.resolve("00000000.journal");
        List<Path> copies = new ArrayList<>();
        for (byte content : new byte[] {1, 1, 2, 2, 1}) {
            byte[] bytes = new byte[200];
            bytes[199] = content;
            Files.write(journal, bytes);
            Quarantine quarantine = new Quarantine(new ChannelStorage(), root, LIMIT);
            try (LogFile file = LogFile.reading(journal)) {
                Path copy = quarantine.setAsideJournal(journal, file, "4096").orElseThrow();
                assertThat(Files.readAllBytes(copy)).isEqualTo(bytes);
                assertThat(QuarantinedFile.parse(copy.getFileName().toString())).get().extracting(QuarantinedFile::file).isEqualTo("00000000.journal");
                copies.add(copy);
            }
        }
        assertThat(copies.get(1)).isEqualTo(copies.get(0));
        assertThat(copies.get(2)).isNotEqualTo(copies.get(0)).isEqualTo(copies.get(3));
        assertThat(copies.get(4)).isEqualTo(copies.get(0));
    }

    @Test
    void setAside_afterACrashInTheMiddle_leavesOneWholeCopyAndNothingElse() throws IOException {
        Path name = setAside(new Quarantine(new ChannelStorage(), root, LIMIT), 0, 600).orElseThrow();
        Files.delete(name);
        Files.write(name.resolveSibling(name.getFileName() + ".tmp"), new byte[17]);
        assertThat(setAside(new Quarantine(new ChannelStorage(), root, LIMIT), 0, 600)).contains(name);
        try (Stream<Path> files = Files.list(root.resolve("quarantine"))) {
            assertThat(files).containsExactly(name);
        }
        assertThat(name).hasSize(600);
    }
}
