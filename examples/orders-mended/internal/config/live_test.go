package config

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// source answers like an etcd whose first watch fell behind a compaction.
type source struct {
	value   string
	watches chan clientv3.WatchChan
}

func (s *source) Get(context.Context, string, ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	return &clientv3.GetResponse{
		Header: &etcdserverpb.ResponseHeader{Revision: 7},
		Kvs:    []*mvccpb.KeyValue{{Value: []byte(s.value)}},
	}, nil
}

func (s *source) Watch(context.Context, string, ...clientv3.OpOption) clientv3.WatchChan {
	return <-s.watches
}

func put(value string) clientv3.WatchResponse {
	return clientv3.WatchResponse{Events: []*clientv3.Event{{Type: clientv3.EventTypePut, Kv: &mvccpb.KeyValue{Value: []byte(value)}}}}
}

func TestFollowOpensTheWatchAgainAfterACompaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := make(chan clientv3.WatchResponse), make(chan clientv3.WatchResponse)
		s := &source{value: `{"max_quantity":5,"accept_orders":true,"outbox_workers":2}`, watches: make(chan clientv3.WatchChan, 2)}
		s.watches <- first
		s.watches <- second
		live := NewLive(Settings{MaxQuantity: 1, OutboxWorkers: 1}, time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go live.Follow(ctx, s)
		synctest.Wait()
		if got := live.Settings().MaxQuantity; got != 5 {
			t.Errorf("max quantity is %d before the watch", got)
		}
		first <- clientv3.WatchResponse{Canceled: true, CompactRevision: 9}
		second <- put(`{"max_quantity":6,"accept_orders":false,"outbox_workers":2}`)
		synctest.Wait()
		if got := live.Settings().MaxQuantity; got != 6 {
			t.Errorf("max quantity is %d after the compaction", got)
		}
		cancel()
		close(second)
	})
}

func TestApplyKeepsTheOldSettingsWhenTheNewAreWrong(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{`, `{}`, `{"max_quantity":5,"outbox_workers":99}`, `{"max_quantity":5,"outbox_workers":1,"typo":1}`} {
		live := NewLive(Settings{MaxQuantity: 3, AcceptOrders: true, OutboxWorkers: 1}, time.Second)
		live.apply(t.Context(), []byte(text))
		if got := live.Settings().MaxQuantity; got != 3 {
			t.Errorf("%s was put in force: %d", text, got)
		}
	}
}
