// What Go's net/http tells of a connection's end, and when: one HTTP/2 connection for each transport, one response body that stays
// open on it, and the moment its Read returns an error. Standard library only.
//
//	fidelity PORT CONTROL-PORT CONNECTIONS REQUESTS-PER-SECOND
//
// It ends when the control connection ends, and prints its account as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type told struct {
	Local string   `json:"local"`
	Kind  string   `json:"kind"`
	T     int64    `json:"t"`
	U     *float64 `json:"u"`
}

type client struct {
	http  *http.Client
	local string
	dead  atomic.Bool
}

var (
	start = time.Now()
	lock  sync.Mutex
	seen  = []told{}
	over  atomic.Bool
)

func main() {
	arg := func(at int) int {
		number, err := strconv.Atoi(os.Args[at])
		if err != nil {
			panic(err)
		}
		return number
	}
	port, controlPort, connections, rate := arg(1), arg(2), arg(3), arg(4)
	origin := fmt.Sprintf("http://127.0.0.1:%d", port)
	control, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", controlPort))
	if err != nil {
		panic(err)
	}
	clients := make([]*client, connections)
	var held sync.WaitGroup
	held.Add(connections)
	for i := range clients {
		clients[i] = open()
		go clients[i].hold(origin+"/held", &held)
	}
	// The server holds the first request of each connection, so that one goes first.
	held.Wait()
	if rate > 0 {
		go load(clients, origin+"/x", rate)
	}
	io.Copy(io.Discard, control)
	over.Store(true)
	lock.Lock()
	defer lock.Unlock()
	anchors := []any{anchor(0), anchor(time.Since(start))}
	answer := map[string]any{"told": seen, "anchors": anchors, "kernelDelayNs": nil}
	json.NewEncoder(os.Stdout).Encode(answer)
}

// Times are of the wall clock as the program read it; the monotonic part only names them.
func anchor(at time.Duration) map[string]any {
	wall := start.Add(at).UTC().Format("2006-01-02T15:04:05.000000000Z")
	return map[string]any{"t": at.Nanoseconds(), "wall": wall, "errorNs": 1000}
}

func open() *client {
	c := &client{}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	c.http = &http.Client{Transport: &http.Transport{
		Protocols: protocols,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err == nil && c.local == "" {
				c.local = conn.LocalAddr().String()
			}
			return conn, err
		},
	}}
	return c
}

func (c *client) hold(url string, held *sync.WaitGroup) {
	response, err := c.http.Get(url)
	held.Done()
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
	}
	now := time.Now()
	if over.Load() {
		return
	}
	c.dead.Store(true)
	kind := "fin"
	if err != nil && strings.Contains(err.Error(), "connection reset by peer") {
		kind = "rst"
	}
	lock.Lock()
	defer lock.Unlock()
	seen = append(seen, told{Local: c.local, Kind: kind, T: now.Sub(start).Nanoseconds()})
}

// An open loop over the connections that live, round and round.
func load(clients []*client, url string, rate int) {
	sent := 0
	for range time.Tick(2 * time.Millisecond) {
		for ; float64(sent) < time.Since(start).Seconds()*float64(rate); sent++ {
			c := clients[sent%len(clients)]
			if c.dead.Load() {
				continue
			}
			go func() {
				response, err := c.http.Get(url)
				if err == nil {
					io.Copy(io.Discard, response.Body)
					response.Body.Close()
				}
			}()
		}
	}
}
