package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.retention.ExpiryPlan;

/** A segment that a sweep has deleted, of the stream with this key. */
public record SweptSegment(StreamLog.Deleted gone, String key, ExpiryPlan.Cause cause) {}
