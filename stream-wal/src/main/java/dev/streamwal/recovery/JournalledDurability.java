package dev.streamwal.recovery;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.DurableFrontier;
import java.util.OptionalLong;

/** What the commit journal and its frontier know. */
public record JournalledDurability(DurableFrontier frontier) implements KnownDurable {

    @Override
    public int durableOffset(SegmentHeader header) {
        return frontier.durableOffset(header.key(), header.basePosition(), header.salt()).orElse(0);
    }

    @Override
    public OptionalLong deletedBelow(StreamKey key) {
        return frontier.deletedBelow(key);
    }
}
