package dev.streamwal.segment;

import dev.streamwal.format.SegmentIndex;

/**
 * Where the data of a segment without a footer ends, and what it holds: the input for sealing it.
 *
 * @param tail offset behind the last record
 * @param lastSize of the last record's frame; 0 for none
 * @param lastStart offset of the last record that is no member of a batch; 0 for none
 * @param index of the records before the tail; ownership passes to the receiver
 */
public record RecoveredTail(int tail, int lastSize, int lastStart, SegmentIndex index) {

    public static RecoveredTail empty(int headerLength) {
        return new RecoveredTail(headerLength, 0, 0, new SegmentIndex());
    }
}
