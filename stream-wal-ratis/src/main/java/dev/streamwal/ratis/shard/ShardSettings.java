package dev.streamwal.ratis.shard;

import dev.streamwal.WalOptions;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.protocol.RaftGroup;

/**
 * What a shard of a replica is told.
 *
 * @param shard its number
 * @param group it and its peers
 * @param self the replica's name
 * @param root its folder
 * @param wal sets the options of its log
 * @param images when they are due
 * @param connections how it connects to peers
 * @param isVerified whether all of an image is read before a replica begins with it
 * @param repairBytesPerSecond how fast it fetches a peer's image at most
 */
public record ShardSettings(int shard, RaftGroup group, String self, Path root, Consumer<WalOptions.Builder> wal, ImageRule images,
        Parameters connections, boolean isVerified, long repairBytesPerSecond) {}
