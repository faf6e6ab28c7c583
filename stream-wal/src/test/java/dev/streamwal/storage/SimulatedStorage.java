package dev.streamwal.storage;

import dev.streamwal.simulation.SimulatedChannel;
import java.nio.ByteBuffer;

/** Segments on a simulated disk. */
public final class SimulatedStorage {

    private SimulatedStorage() {}

    public static SegmentStorage mapped() {
        return new MappedStorage((channel, capacity) -> {
            SimulatedChannel simulated = (SimulatedChannel) channel;
            ByteBuffer pages = simulated.pages(capacity);
            return new SegmentMapping(pages, () -> simulated.unmap(pages));
        });
    }

    public static SegmentStorage channel() {
        return new ChannelStorage();
    }
}
