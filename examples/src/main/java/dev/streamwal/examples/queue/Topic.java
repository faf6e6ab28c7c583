package dev.streamwal.examples.queue;

import dev.streamwal.StreamWal;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;

/**
 * A topic of several partitions, each a stream. Messages with the same key are in the same partition, and so stay in their order.
 *
 * @param name of the topic
 * @param partitions how many: the most workers of a group that have something to do at a time
 */
record Topic(String name, int partitions) {

    EntryRef send(StreamWal wal, String messageKey, byte[] message) {
        return wal.stream(key(Math.floorMod(messageKey.hashCode(), partitions))).append(message);
    }

    /** The stream's key. */
    String key(int partition) {
        return name + "/" + partition;
    }

    Keys keys(int partition) {
        return Keys.key(key(partition));
    }

    /** A group has a consumer for each partition, so that its workers can share them out. */
    String consumer(String group, int partition) {
        return group + "/" + key(partition);
    }
}
