package dev.streamwal.storage;

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
 * Maps files so that they can be unmapped at a given moment, which Java's own mapped buffers can't before they are collected.
 *
 * <p>From Java 22 on a mapping lives in a shared {@code Arena}: closing it unmaps, and a late access throws. Before, it is
 * {@code Unsafe.invokeCleaner}, which 25 prints a warning about. Both are reached by reflection, because this code compiles for Java 17.
 */
interface FileMapper {

    SegmentMapping map(FileChannel channel, int capacity) throws IOException;

    static FileMapper ofThisPlatform() {
        try {
            return Runtime.version().feature() >= 22 ? new ArenaMapper() : new CleanerMapper();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java can't unmap files: version=" + Runtime.version() + "; use Storage.CHANNEL", e);
        }
    }

    /** Java 22 and later. */
    final class ArenaMapper implements FileMapper {

        private final MethodHandle ofShared;
        private final MethodHandle map;
        private final MethodHandle asByteBuffer;

        ArenaMapper() throws ReflectiveOperationException {
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            Class<?> arena = Class.forName("java.lang.foreign.Arena");
            Class<?> segment = Class.forName("java.lang.foreign.MemorySegment");
            ofShared = lookup.findStatic(arena, "ofShared", MethodType.methodType(arena));
            map = lookup.findVirtual(FileChannel.class, "map",
                    MethodType.methodType(segment, MapMode.class, long.class, long.class, arena));
            asByteBuffer = lookup.findVirtual(segment, "asByteBuffer", MethodType.methodType(ByteBuffer.class));
        }

        @Override
        public SegmentMapping map(FileChannel channel, int capacity) throws IOException {
            AutoCloseable arena = (AutoCloseable) call(() -> ofShared.invoke());
            try {
                Object segment = call(() -> map.invoke(channel, MapMode.READ_WRITE, 0L, (long) capacity, arena));
                ByteBuffer buffer = (ByteBuffer) call(() -> asByteBuffer.invoke(segment));
                return new SegmentMapping(buffer, () -> close(arena));
            } catch (IOException | RuntimeException | Error e) {
                close(arena);
                throw e;
            }
        }

        private static void close(AutoCloseable arena) {
            try {
                arena.close();
            } catch (Exception e) {
                throw new IllegalStateException("a mapping can't be closed", e);
            }
        }

        private interface Invocation {
            Object run() throws Throwable;
        }

        private static Object call(Invocation invocation) throws IOException {
            try {
                return invocation.run();
            } catch (IOException | RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("Java's mapping methods declare nothing else", e);
            }
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
                throw new IllegalStateException("Unsafe.invokeCleaner declares nothing", e);
            }
        }
    }
}
