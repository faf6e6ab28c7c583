/** A disk in memory that can lose power, fail and lie, and what is run on it. {@link dev.streamwal.simulation.SimulatedDisk} comes first. */
package dev.streamwal.simulation;
