package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackerTest {

    @TempDir
    Path root;

    /** Appends are delayed while packing doesn't keep up, and not while it fails. */
    @Test
    void packShared_error_theLogLearnsThatItFailed() throws IOException {
        List<Object> told = new ArrayList<>();
        Packer.PackedLog log = stub(Packer.PackedLog.class, told);
        PackStore store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
        Packer packer = new Packer(store, new PackSweep(store), stub(SegmentStorage.class, told), log, stub(Packer.Events.class, told), 1, 1);
        assertThatThrownBy(() -> packer.packShared(5)).isInstanceOf(OutOfMemoryError.class);
        assertThat(told).containsExactly(false);
    }

    /** Has no shared log, as there is no memory. */
    private static <T> T stub(Class<T> type, List<Object> told) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            if (method.getName().equals("sharedLog")) {
                throw new OutOfMemoryError("for a test");
            }
            if (method.getName().equals("sharedPacked")) {
                told.add(arguments[0]);
            }
            return method.getReturnType() == long.class ? 0L : null;
        }));
    }
}
