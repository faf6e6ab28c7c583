package dev.streamwal.storage;

import dev.streamwal.io.ArenaMapping;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;

/**
 * Maps files so that they can be unmapped at a given moment; Java's own mapped buffers are unmapped only when they are collected.
 *
 * <p>From Java 22 on a mapping lives in a shared {@code Arena}: closing it unmaps, and a late access throws. Before, {@code Unsafe.invokeCleaner} is
 * used, about which Java 25 prints a warning. Both are called by reflection.
 */
interface FileMapper {

    SegmentMapping map(FileChannel channel, int capacity) throws IOException;

    static FileMapper ofThisPlatform() {
        try {
            return ArenaMapping.isSupported() ? new ArenaMapper() : new CleanerMapper();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java can't unmap files: version=" + Runtime.version() + "; use Storage.CHANNEL", e);
        }
    }

    /** Java 22 and later. */
    final class ArenaMapper implements FileMapper {

        @Override
        public SegmentMapping map(FileChannel channel, int capacity) throws IOException {
            ArenaMapping mapping = ArenaMapping.map(channel, MapMode.READ_WRITE, 0, capacity);
            return new SegmentMapping(mapping.buffer(), mapping::close);
        }
    }

    /** Java 17 to 21. */
    final class CleanerMapper implements FileMapper {

        private final MethodHandle invokeCleaner;

        CleanerMapper() throws ReflectiveOperationException {
            Class<?> unsafe = Class.forName("sun.misc.Unsafe");
            Field instance = unsafe.getDeclaredField("theUnsafe");
            instance.setAccessible(true);
            invokeCleaner = MethodHandles.publicLookup()
                    .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
                    .bindTo(instance.get(null));
        }

        @Override
        public SegmentMapping map(FileChannel channel, int capacity) throws IOException {
            MappedByteBuffer buffer = channel.map(MapMode.READ_WRITE, 0, capacity);
            return new SegmentMapping(buffer, () -> unmap(buffer));
        }

        private void unmap(ByteBuffer buffer) {
            try {
                invokeCleaner.invoke(buffer);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("Unsafe.invokeCleaner threw a checked exception", e);
            }
        }
    }
}
