package dev.streamwal.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.ActivityLayout;
import dev.streamwal.io.ChannelCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActivityWatchTest {

    private static final int SLOTS = 64;

    @TempDir
    private Path root;

    private final ChannelCache channels = new ChannelCache(4);
    private final List<FollowedStream> all = new ArrayList<>();
    private ActivityWatch watch;

    @BeforeEach
    void create() throws IOException {
        watch = new ActivityWatch(channels, root);
        for (int i = 0; i < 200; i++) {
            all.add(new FollowedStream("k" + i));
        }
        assertThat(changed()).isEmpty();
        assertThat(watch.isThere()).isFalse();
    }

    private List<String> changed() throws IOException {
        List<String> keys = new ArrayList<>();
        watch.look(all, stream -> keys.add(stream.key()));
        return keys;
    }

    private List<String> allKeys() {
        return all.stream().map(FollowedStream::key).toList();
    }

    private List<String> inSlot(int slot) {
        return all.stream().filter(stream -> ActivityLayout.slot(stream.hash(), SLOTS) == slot).map(FollowedStream::key).toList();
    }

    private void write(ByteBuffer bytes) throws IOException {
        Path next = Files.write(root.resolve("next"), bytes.array());
        Files.move(next, root.resolve(ActivityLayout.FILE_NAME), StandardCopyOption.REPLACE_EXISTING);
    }

    private static ByteBuffer file(long generation) {
        ByteBuffer bytes = ByteBuffer.allocate(ActivityLayout.bytes(SLOTS)).order(ByteOrder.LITTLE_ENDIAN);
        return bytes.put(0, ActivityLayout.encodeHeader(generation, SLOTS), 0, ActivityLayout.HEADER_BYTES);
    }

    private void store(int slot, long value) throws IOException {
        try (FileChannel channel = FileChannel.open(root.resolve(ActivityLayout.FILE_NAME), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value), ActivityLayout.offset(slot));
        }
    }

    @Test
    void look_aFileThatComesChangesAndGoes_tellsAll() throws IOException {
        write(file(1));
        assertThat(changed()).isEqualTo(allKeys());
        assertThat(watch.isThere()).isTrue();
        assertThat(changed()).isEmpty();
        write(file(2));
        assertThat(changed()).isEqualTo(allKeys());
        assertThat(changed()).isEmpty();
        Files.delete(root.resolve(ActivityLayout.FILE_NAME));
        assertThat(changed()).isEqualTo(allKeys());
        assertThat(watch.isThere()).isFalse();
        assertThat(changed()).isEmpty();
    }

    @Test
    void look_aSlotThatChanged_tellsItsStreamsOnce() throws IOException {
        write(file(1));
        assertThat(changed()).isEqualTo(allKeys());
        for (int slot = 0; slot < SLOTS; slot++) {
            store(slot, 7);
            assertThat(changed()).containsExactlyInAnyOrderElementsOf(inSlot(slot));
            assertThat(changed()).isEmpty();
        }
        store(3, 8);
        store(63, 8);
        assertThat(changed()).hasSize(inSlot(3).size() + inSlot(63).size());
    }

    @Test
    void look_streamsThatComeAndGo_areTold() throws IOException {
        write(file(1));
        assertThat(changed()).isEqualTo(allKeys());
        List<FollowedStream> gone = all.stream().filter(stream -> ActivityLayout.slot(stream.hash(), SLOTS) == 5).toList();
        for (FollowedStream stream : gone) {
            store(5, stream.hash());
            assertThat(changed()).contains(stream.key());
            watch.remove(stream);
            watch.remove(stream);
            all.remove(stream);
        }
        store(5, 1);
        assertThat(changed()).isEmpty();
        all.add(gone.get(0));
        watch.add(gone.get(0));
        store(5, 2);
        assertThat(changed()).containsExactly(gone.get(0).key());
    }

    @Test
    void look_aFileThatIsNotWhole_isNone() throws IOException {
        ByteBuffer broken = file(1);
        broken.put(9, (byte) 7);
        write(broken);
        assertThat(changed()).isEmpty();
        write(ByteBuffer.wrap(Arrays.copyOf(file(1).array(), 100)));
        assertThat(changed()).isEmpty();
        assertThat(watch.isThere()).isFalse();
        write(ByteBuffer.allocate(0));
        assertThat(changed()).isEmpty();
        write(file(1));
        assertThat(changed()).isEqualTo(allKeys());
        write(broken);
        assertThat(changed()).isEqualTo(allKeys());
        assertThat(watch.isThere()).isFalse();
    }

    @Test
    void look_whatCannotBeRead_isNone() throws IOException {
        Path file = root.resolve(ActivityLayout.FILE_NAME);
        Files.createDirectory(file);
        assertThat(changed()).isEmpty();
        assertThat(watch.isThere()).isFalse();
        Files.delete(file);
        write(file(1));
        assertThat(changed()).isEqualTo(allKeys());
        Files.delete(file);
        Files.createSymbolicLink(file, file);
        assertThat(changed()).isEqualTo(allKeys());
        assertThat(watch.isThere()).isFalse();
        assertThat(channels.openFiles()).isZero();
    }

    @Test
    void look_nothingChanged_isOneReadCall() throws IOException {
        write(file(1));
        assertThat(changed()).isEqualTo(allKeys());
        long before = channels.readCalls();
        for (int i = 0; i < 10; i++) {
            assertThat(changed()).isEmpty();
        }
        assertThat(channels.readCalls() - before).isEqualTo(10);
    }
}
